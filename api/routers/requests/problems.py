"""How errors of requests leave: their status codes, slugs and titles, as ``api.problems`` has them for all."""

from collections.abc import Mapping

from db.requests.personal import TooManyOfOne
from db.requests.requests import AlreadyRated, OrderFinished
from workorder_core.requests.asking import IllegalRequestStep, WordsMissing
from workorder_core.requests.quotes import QuoteRefused

OF_REQUESTS: Mapping[type[Exception], tuple[int, str, str]] = {
    IllegalRequestStep: (409, "illegal-request-step", "Illegal step of a request"),
    WordsMissing: (422, "words-missing", "Words missing"),
    OrderFinished: (409, "order-finished", "Order finished"),
    AlreadyRated: (409, "already-rated", "Already rated"),
    QuoteRefused: (409, "quote-refused", "Quote refused"),
    TooManyOfOne: (409, "too-many-of-one", "Too many of one"),
}
