"""What pages say of a value that a route's types do not allow; the API says it as its checks do, in English."""

from collections.abc import Iterable, Mapping
from typing import Any

from workorder_core.sentences import joined, marked, say

_SENTENCES = {
    "missing": marked("this is needed: write it here"),
    "string_too_long": marked("write {max_length:,} characters at most"),
    "int_parsing": marked("write a whole number"),
    "int_type": marked("write a whole number"),
    "float_parsing": marked("write a number"),
    "bool_parsing": marked("choose one from the list"),
    "string_pattern_mismatch": marked("choose one from the list"),
    "literal_error": marked("choose one from the list"),
    "enum": marked("choose one from the list"),
    "less_than_equal": marked("write {le} at most"),
    "less_than": marked("write less than {lt}"),
    "greater_than_equal": marked("write {ge} at least"),
    "greater_than": marked("write more than {gt}"),
    "string_too_short": marked("write {min_length:,} characters at least"),
    "int_from_float": marked("write a whole number"),
    "int_parsing_size": marked("write a smaller number"),
    "finite_number": marked("write a finite number"),
    "decimal_parsing": marked("write a number"),
    "bool_type": marked("choose one from the list"),
    "string_type": marked("write a text"),
    "string_unicode": marked("contains characters that are not allowed"),
    "uuid_parsing": marked("choose one from the list"),
    "date_from_datetime_parsing": marked("write a date"),
    "date_parsing": marked("write a date"),
    "datetime_parsing": marked("write a date and a time"),
    "datetime_from_date_parsing": marked("write a date and a time"),
    "too_long": marked("choose {max_length} at most"),
    "too_short": marked("choose {min_length} at least"),
}


def sentence_of(error: Mapping[str, Any]) -> str:
    """Return what is wrong with a value, of an error as pydantic has it, as a sentence that a page translates."""
    told = _SENTENCES.get(str(error["type"]))
    context = error.get("ctx", {})
    if told:
        return say(told, **context)
    raised = context.get("error")
    return (
        str(raised) if isinstance(raised, ValueError) else say("this cannot be used: {problem}", problem=error["msg"])
    )


def for_page(errors: Iterable[Mapping[str, Any]]) -> str:
    """Return what is wrong with a request that is no form, value by value."""
    named = [(".".join(map(str, each["loc"][1:])), sentence_of(each)) for each in errors]
    return joined([say("{name}: {problem}", name=name, problem=problem) for name, problem in named], "; ")
