"""How errors of the offline protocol leave: status codes, slugs and titles, as ``api.problems`` has them for all."""

from collections.abc import Mapping

from db.sync.deciding import OperationDecided, SetAsideWithoutReason
from db.sync.devices import DeviceOfAnother
from db.sync.uploads import FileIdTaken, TooManyUnfinished

OF_SYNC: Mapping[type[Exception], tuple[int, str, str]] = {
    DeviceOfAnother: (409, "device-of-another", "Device of another person"),
    FileIdTaken: (409, "file-id-taken", "Id of another file"),
    TooManyUnfinished: (409, "too-many-unfinished", "Too many unfinished files"),
    OperationDecided: (409, "operation-decided", "Operation decided"),
    SetAsideWithoutReason: (422, "set-aside-without-reason", "Set aside without a reason"),
}
