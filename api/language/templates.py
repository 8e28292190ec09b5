"""Templates in the reader's language: ``{{ _("Save") }}`` and ``{% trans %}…{% endtrans %}``.

A sentence made in Python, with its template and facts, is translated when it is printed, joined, or inserted into a
text.
"""

from collections.abc import Iterable
from operator import index
from typing import Any

from jinja2 import Environment, pass_context, pass_eval_context
from jinja2.filters import do_join
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from markupsafe import Markup

from workorder_core.language import current
from workorder_core.sentences import Said, translated


def install(environment: Environment) -> None:
    """Translate the templates of an environment with ``jinja2.ext.i18n`` as they are rendered."""
    environment.policies["ext.i18n.trimmed"] = True
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.globals |= {
        "gettext": _gettext, "ngettext": _ngettext, "pgettext": _pgettext, "npgettext": _npgettext,
    }  # fmt: skip
    environment.filters["join"] = _join


@pass_context
def _gettext(context: Context, text: str, /, **facts: Any) -> str:
    return _filled(context, current().texts.gettext(text), facts)


@pass_context
def _ngettext(context: Context, one: str, many: str, num: int, /, **facts: Any) -> str:
    return _filled(context, current().texts.ngettext(one, many, index(num)), {"num": num, **facts})


@pass_context
def _pgettext(context: Context, where: str, text: str, /, **facts: Any) -> str:
    return _filled(context, current().texts.pgettext(where, text), facts)


@pass_context
def _npgettext(context: Context, where: str, one: str, many: str, num: int, /, **facts: Any) -> str:
    return _filled(context, current().texts.npgettext(where, one, many, index(num)), {"num": num, **facts})


def _filled(context: Context, text: str, facts: dict[str, Any]) -> str:
    text = Markup(text) if context.eval_ctx.autoescape else text
    return text % {name: _said(value) for name, value in facts.items()}


@pass_eval_context
def _join(context: EvalContext, parts: Iterable[Any], between: str = "", attribute: str | int | None = None) -> Any:
    return do_join(context, [_said(each) for each in parts], between, attribute)


def _said(value: Any) -> Any:
    return translated(value) if isinstance(value, Said) else value
