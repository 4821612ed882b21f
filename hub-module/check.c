/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "check.h"

#include "errors.h"
#include "hub.h"
#include "logic/hub_lists.h"
#include "logic/wire_text.h"
#include "metadata_text.h"
#include "refusal.h"

/* One query: which list, and a name or, of archive types, several. */
static const char lists_sql[] = "SELECT 'g', name FROM content_generator UNION ALL SELECT 'b', name FROM btype "
                                "UNION ALL SELECT 'x', extensions FROM archivetypes";

static int take_row(struct hub_lists *lists, PyObject *row, struct cg_error *err)
{
    const char *list = NULL;
    const char *name = NULL;
    if (!PyArg_ParseTuple(row, "sz", &list, &name))
        return -1;
    if (!name)
        return 0;
    if (list[0] == 'g')
        return hub_lists_add(&lists->content_generators, name, err);
    if (list[0] == 'b')
        return hub_lists_add(&lists->btypes, name, err);
    return hub_lists_add_words(&lists->extensions, name, err);
}

static int read_lists(struct hub_lists *lists)
{
    struct cg_error err = {0};
    PyObject *rows CG_AUTO_OBJECT = hub_rows(lists_sql, NULL);
    Py_ssize_t count = rows ? PyList_Size(rows) : -1;
    if (count < 0)
        return -1;
    for (Py_ssize_t i = 0; i < count; i++)
        if (take_row(lists, PyList_GetItem(rows, i), &err) < 0)
            return PyErr_Occurred() ? -1 : (raise_error(&err), -1);
    return 0;
}

/* Returns 1 refused, 0 acceptable, -1 could not judge: then with `err`, or with an exception and `err` clear. */
static int judge(struct plugin *plugin, const struct cg_bytes *text, bool strict, struct cg_report **report,
                 struct cg_error *err)
{
    struct hub_lists lists CG_AUTO_HUB_LISTS = {0};
    const struct cg_checker *checker = plugin_checker(plugin);
    if (!checker || read_lists(&lists) < 0)
        return -1;
    struct cg_hub_facts facts = hub_lists_facts(&lists);
    struct cg_check_options options = {.strict = strict, .hub = &facts};

    int verdict = -1;
    Py_BEGIN_ALLOW_THREADS;
    verdict = cg_checker_check(checker, cg_bytes_text(text), text->size, &options, report, NULL, err);
    Py_END_ALLOW_THREADS;
    return verdict;
}

/* --- as a method -------------------------------------------------------------------------------------------------- */

static PyObject *report_object(const struct cg_report *report)
{
    struct cg_error err = {0};
    struct cg_bytes text CG_AUTO_BYTES = {0};
    json_t *json CG_AUTO_JSON = cg_report_json(report, &err);
    if (!json || wire_text_append(&text, json, &err) < 0)
        return raise_error(&err);
    return hub_call("json.loads", "(s)", cg_bytes_text(&text));
}

PyObject *check_metadata(struct plugin *plugin, PyObject *const *arguments)
{
    struct cg_error err = {0};
    struct cg_bytes text CG_AUTO_BYTES = {0};
    struct cg_report *report CG_AUTO_REPORT = NULL;

    int strict = PyObject_IsTrue(arguments[2]);
    int logged_in = strict < 0 ? -1 : hub_logged_in();
    if (logged_in < 0)
        return NULL;
    if (logged_in == 0) {
        cg_fail(&err, CG_E_DENIED, "you must be logged in to have metadata checked");
        return raise_error(&err);
    }
    if (metadata_text(arguments[0], arguments[1], METADATA_OWN, &text) < 0)
        return NULL;
    if (judge(plugin, &text, strict, &report, &err) < 0)
        return err.code != CG_OK ? raise_error(&err) : NULL;
    return report_object(report);
}

/* --- in the way of imports ---------------------------------------------------------------------------------------- */

static int refuse_findings(const struct cg_report *report, const char *name)
{
    struct cg_error err = {0};
    struct cg_bytes text CG_AUTO_BYTES = {0};
    if (cg_bytes_printf(&text, &err, "the metadata of %s is refused:\n", name) < 0 ||
        cg_report_text(report, &text, &err) < 0)
        return raise_error(&err), -1;
    return refuse(cg_bytes_text(&text));
}

static int log_findings(const struct cg_report *report, const char *name)
{
    struct cg_error err = {0};
    struct cg_bytes text CG_AUTO_BYTES = {0};
    if (cg_report_text(report, &text, &err) < 0)
        return raise_error(&err), -1;
    hub_log(HUB_LOG_WARNING, "the metadata of %s has findings:\n%s", name, cg_bytes_text(&text));
    return 0;
}

/* "name-version-release" as far as there is one; for people only. */
static void describe(PyObject *metadata, char *name, size_t size)
{
    static const char *const keys[] = {"name", "version", "release"};
    PyObject *build = PyDict_Check(metadata) ? PyDict_GetItemString(metadata, "build") : NULL;
    size_t used = 0;
    name[0] = '\0';
    for (size_t i = 0; build && PyDict_Check(build) && i < sizeof keys / sizeof keys[0]; i++) {
        PyObject *value = PyDict_GetItemString(build, keys[i]);
        PyObject *text CG_AUTO_OBJECT = value ? PyObject_ASCII(value) : NULL;
        PyObject *bytes CG_AUTO_OBJECT = text ? PyUnicode_AsUTF8String(text) : NULL;
        const char *quoted = bytes ? PyBytes_AsString(bytes) : "?";
        size_t length = strlen(quoted);
        bool is_quoted = length >= 2 && quoted[0] == '\'';
        int added = snprintf(name + used, size - used, "%s%.*s", i > 0 ? "-" : "",
                             (int)(is_quoted ? length - 2 : length), is_quoted ? quoted + 1 : quoted);
        used = added < 0 || used + (size_t)added >= size ? size - 1 : used + (size_t)added;
        PyErr_Clear();
    }
    if (used == 0)
        snprintf(name, size, "a build without a name");
}

int check_text(struct plugin *plugin, const struct cg_bytes *text, PyObject *parsed)
{
    char name[512];
    struct cg_error err = {0};
    struct cg_report *report CG_AUTO_REPORT = NULL;
    enum check_mode mode = hub_config(plugin)->check_mode;

    if (mode == CHECK_OFF)
        return 0;
    describe(parsed, name, sizeof name);
    int verdict = judge(plugin, text, mode == CHECK_STRICT, &report, &err);
    if (verdict < 0 && mode == CHECK_WARN && err.code != CG_OK) {
        hub_log(HUB_LOG_WARNING, "the metadata of %s could not be judged: %s", name, err.message);
        return 0;
    }
    if (verdict < 0)
        return err.code != CG_OK ? refuse(err.message) : -1;
    if (verdict > 0 && mode != CHECK_WARN)
        return refuse_findings(report, name);
    return cg_report_size(report) > 0 ? log_findings(report, name) : 0;
}

/* Was exactly this metadata judged already in this request (import.c)? 1, 0, or -1 with an exception. */
static int judged_before(PyObject *metadata)
{
    PyObject *judged CG_AUTO_OBJECT = hub_context(CHECK_JUDGED);
    return judged ? judged == metadata : -1;
}

int check_before_import(struct plugin *plugin, const char *event, PyObject *keywords)
{
    struct cg_bytes text CG_AUTO_BYTES = {0};
    PyObject *type = PyDict_GetItemString(keywords, "type");
    PyObject *metadata = PyDict_GetItemString(keywords, "metadata");
    PyObject *directory = PyDict_GetItemString(keywords, "directory");

    (void)event;
    if (!type || !PyUnicode_Check(type) || PyUnicode_CompareWithASCIIString(type, "cg") != 0)
        return 0;
    if (hub_config(plugin)->check_mode == CHECK_OFF || !metadata)
        return 0;
    int judged = judged_before(metadata);
    if (judged != 0)
        return judged > 0 ? 0 : -1;
    if (metadata_text_of_import(metadata, directory ? directory : Py_None, &text) < 0)
        return -1;
    return check_text(plugin, &text, metadata);
}
