"""Amounts of money: exact decimals in one currency of ISO 4217, rounded half up to its smallest unit."""

from decimal import ROUND_HALF_UP, Decimal

from workorder_core.sentences import say

_CODES = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD
MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB
RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = frozenset(_CODES.split())
"""The codes of ISO 4217 that are currencies of a country or a union."""
_NO_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF")
)
_THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


class NoSuchCurrency(ValueError):
    """A code that is not in ISO 4217."""

    def __init__(self, code: str) -> None:
        super().__init__(
            say("{code!r} is not a currency of ISO 4217; write its three letters, such as EUR, GBP or USD", code=code)
        )
        self.code = code


def check_currency(code: str) -> str:
    """Return a currency's code. Raises NoSuchCurrency."""
    if code not in CURRENCIES:
        raise NoSuchCurrency(code)
    return code


def decimals(currency: str) -> int:
    """Return how many decimals a currency's smallest unit has: 2 for EUR, 0 for JPY, 3 for KWD."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round an amount half up to the currency's smallest unit.

    >>> rounded(Decimal("2.005"), "EUR"), rounded(Decimal("99.5"), "JPY")
    (Decimal('2.01'), Decimal('100'))
    """
    return amount.quantize(Decimal(1).scaleb(-decimals(currency)), rounding=ROUND_HALF_UP)


def as_stored(amount: Decimal, currency: str) -> Decimal:
    """Return an amount that somebody entered as the database stores it: rounded, always with two decimals.

    >>> as_stored(Decimal("212.4"), "EUR"), as_stored(Decimal("99.5"), "JPY")
    (Decimal('212.40'), Decimal('100.00'))
    """
    return rounded(amount, currency).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def times(amount: Decimal, quantity: float, currency: str) -> Decimal:
    """Multiply a price or a rate by a quantity and round. The quantity counts as it is written: 0.1 is a tenth."""
    return rounded(amount * Decimal(str(quantity)), currency)
