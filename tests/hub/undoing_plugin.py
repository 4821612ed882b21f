# SPDX-License-Identifier: LGPL-2.1-or-later
"""A hub plugin for tests: undoes an import at its end, once, when the upload directory has the file "undo".

That is what any other plugin's failure in postImport does: the hub rolls its database back, the files are moved by then.
"""
import os

import koji
from koji.plugin import callback


@callback('postImport')
def undo(cbtype, *args, **kws):
    if kws['type'] != 'cg' or not kws.get('directory'):
        return
    wish = os.path.join(koji.pathinfo.work(), kws['directory'], 'undo')
    if os.path.exists(wish):
        os.unlink(wish)
        raise koji.GenericError('undone for the test')
