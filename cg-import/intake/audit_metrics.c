/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/audit_metrics.h"

#include "intake/published.h"
#include "store/audit.h"

static int write_gauge(struct cg_bytes *text, const char *name, const char *help, double value, struct cg_error *err)
{
    return cg_bytes_printf(text, err, "# HELP %s %s\n# TYPE %s gauge\n%s %.17g\n", name, help, name, name, value);
}

static int write_log(const struct store_log_state *log, struct cg_bytes *text, struct cg_error *err)
{
    if (write_gauge(text, "cg_import_audit_pending", "Leaves of the audit log that are not signed yet.",
                    (double)log->pending, err) != 0 ||
        write_gauge(text, "cg_import_audit_oldest_pending_seconds", "Age of the oldest of them, 0 if there is none.",
                    log->oldest_pending_s, err) != 0 ||
        write_gauge(text, "cg_import_audit_signed_entries", "Entries of the audit log that are signed.",
                    (double)log->size, err) != 0)
        return -1;
    if (write_gauge(text, "cg_import_audit_signed_time_seconds", "When the last checkpoint was signed, since 1970.",
                    log->signed_at, err) != 0 ||
        write_gauge(text, "cg_import_audit_checked_time_seconds",
                    "When all rows of the audit log were last found as signed, since 1970.", log->checked_at, err) != 0)
        return -1;
    return write_gauge(text, "cg_import_audit_damaged", "1 when rows of the audit log are not what was signed.",
                       log->damaged, err);
}

int audit_metrics_write(const struct intake_options *options, struct cg_bytes *text, struct cg_error *err)
{
    struct store_log_state log;
    struct cg_error unread = {0};
    AUTO_PUBLISHED struct published published = {0};
    if (options->store && store_audit_state(options->store, &log, &unread) == 0 && write_log(&log, text, err) != 0)
        return -1;
    cg_error_clear(&unread);
    if (!options->audit_directory || published_open(&published, options->audit_directory, &unread) < 0)
        return 0;
    return write_gauge(text, "cg_import_audit_published_entries", "Entries of the audit log that are published.",
                       (double)published.checkpoint.size, err);
}
