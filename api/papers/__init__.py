"""Exports: lists as CSV and XLSX, orders and reports as PDF, labels to scan, calendars to subscribe to."""
