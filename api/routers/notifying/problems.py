"""How errors of escalations and rotas leave: status codes, slugs and titles, as ``api.problems`` has them for all."""

from collections.abc import Mapping

from db.documents.site_documents import DocumentChanged
from db.escalating.escalations import CannotDecline
from db.escalating.policies import UnknownInPolicy
from db.oncall.chiefs import NoChief
from workorder_core.escalating.course import CannotAnswer
from workorder_core.escalating.policies import InvalidPolicy
from workorder_core.oncall.rotas import InvalidRota
from workorder_core.oncall.swaps import InvalidSwap, SwapOver

OF_ESCALATIONS: Mapping[type[Exception], tuple[int, str, str]] = {
    InvalidRota: (422, "invalid-rota", "Invalid rota"),
    InvalidPolicy: (422, "invalid-escalation-policy", "Invalid escalation policy"),
    UnknownInPolicy: (422, "unknown-in-policy", "Unknown in the policy"),
    NoChief: (422, "no-chief", "No chief"),
    InvalidSwap: (422, "invalid-swap", "Invalid swap"),
    SwapOver: (409, "swap-over", "Swap over"),
    DocumentChanged: (412, "document-changed", "Document changed"),
    CannotAnswer: (409, "escalation-over", "Escalation over"),
    CannotDecline: (422, "cannot-decline", "Cannot decline"),
}
