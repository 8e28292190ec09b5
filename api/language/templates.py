"""Templates in the language of whoever reads them: ``{{ _("Save") }}`` and ``{% trans %}…{% endtrans %}``."""

from jinja2 import Environment

from workorder_core.language import current


def install(environment: Environment) -> None:
    """Let the templates of an environment, which has ``jinja2.ext.i18n``, be translated as they are rendered."""
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        _gettext, _ngettext, newstyle=True, pgettext=_pgettext, npgettext=_npgettext
    )


def _gettext(text: str) -> str:
    return current().texts.gettext(text)


def _ngettext(one: str, many: str, count: int) -> str:
    return current().texts.ngettext(one, many, count)


def _pgettext(context: str, text: str) -> str:
    return current().texts.pgettext(context, text)


def _npgettext(context: str, one: str, many: str, count: int) -> str:
    return current().texts.npgettext(context, one, many, count)
