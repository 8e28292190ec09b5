"""How errors of stores and tools leave: their status codes, slugs and titles, as ``api.problems`` has them for all."""

from collections.abc import Mapping

from workorder_core.inventory.errors import (
    AlreadyRequested,
    BookChanged,
    BookingEnded,
    IllegalPurchase,
    InvalidBooking,
    InvalidQuantity,
    InvalidReorderRule,
    ItemInUse,
    ItemRetired,
    LotExpired,
    LotNeeded,
    NoPlaceForIt,
    NotEnough,
    NotThatMany,
    ToolIsBooked,
    ToolIsIn,
    ToolIsOut,
    ToolRetired,
    UnknownUnit,
    WhyNeeded,
)

OF_STORES: Mapping[type[Exception], tuple[int, str, str]] = {
    LotExpired: (409, "lot-expired", "Lot expired"),
    LotNeeded: (422, "lot-needed", "Lot needed"),
    ItemRetired: (409, "item-retired", "Item retired"),
    ItemInUse: (409, "item-in-use", "Item in use"),
    BookChanged: (409, "book-changed", "Book changed"),
    NotEnough: (409, "not-enough-stock", "Not enough stock"),
    NotThatMany: (409, "not-that-many", "Not that many"),
    ToolIsOut: (409, "tool-is-out", "Tool is out"),
    ToolIsBooked: (409, "tool-is-booked", "Tool is booked"),
    ToolRetired: (409, "tool-retired", "Tool retired"),
    BookingEnded: (409, "booking-ended", "Booking ended"),
    InvalidBooking: (422, "invalid-booking", "Invalid booking"),
    ToolIsIn: (409, "tool-is-in", "Tool is in"),
    IllegalPurchase: (409, "illegal-purchase-step", "Illegal purchase step"),
    AlreadyRequested: (409, "already-requested", "Already requested"),
    NoPlaceForIt: (409, "no-place-for-it", "No place for it"),
    UnknownUnit: (422, "unknown-unit", "Unknown unit"),
    InvalidReorderRule: (422, "invalid-reorder-rule", "Invalid reorder rule"),
    InvalidQuantity: (422, "invalid-quantity", "Invalid quantity"),
    WhyNeeded: (422, "why-needed", "Why needed"),
}
