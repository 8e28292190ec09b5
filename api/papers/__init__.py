"""What leaves the pages: lists as CSV and XLSX, orders and reports as PDF, labels to scan, calendars to follow."""
