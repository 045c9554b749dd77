"""How the body of an upload is taken in: in memory, never on disk, never more than the largest file."""

from __future__ import annotations

import io

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from coopcrm.shared.uploads.child.limits import MAX_FILE_BYTES, MEGABYTE
from coopcrm.shared.uploads.refusals import refusal_for

MOST_KEPT = MAX_FILE_BYTES + MEGABYTE  # of all files of one request
MOST_READ = 64 * MEGABYTE  # of a request that is refused anyway; beyond, nothing of it is read


class TooLarge(InMemoryUploadedFile):
    """A file that was not kept: it has a size and no content, and says so when it is read."""

    def read(self, *args):
        raise refusal_for("file_too_large")


class BoundedMemory(FileUploadHandler):
    """Keeps the files of one request while they fit; of one that does not, the size alone.

    A file on disk would hold numbers in the clear, and one that grows without end would fill the disk.
    """

    def handle_raw_input(self, input_data, meta, content_length, boundary, encoding=None):
        if content_length > MOST_READ:
            raise RequestDataTooBig("A request larger than any file that may come in.")
        self.kept = 0

    def new_file(self, *args, **kwargs):
        super().new_file(*args, **kwargs)
        self.buffer: io.BytesIO | None = io.BytesIO()

    def receive_data_chunk(self, raw_data, start):
        self.kept += len(raw_data)
        if self.kept > MOST_KEPT:
            self.buffer = None
        elif self.buffer is not None:
            self.buffer.write(raw_data)

    def file_complete(self, file_size):
        kind = TooLarge if self.buffer is None else InMemoryUploadedFile
        content = self.buffer or io.BytesIO()
        content.seek(0)
        return kind(
            file=content,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
