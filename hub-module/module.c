/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * What Python's loader calls.
 *
 * The hub loads NAME as "_koji_plugin__NAME" (koji/plugin.py PluginTracker.load), so the module has two entries. A
 * plugin that does not load takes the whole hub offline: nothing is opened, read, connected or started here.
 */

#include "export.h"
#include "table.h"

#define ENTRY __attribute__((visibility("default")))

ENTRY PyObject *PyInit_cg_import(void);
ENTRY PyObject *PyInit__koji_plugin__cg_import(void);

static int module_exec(PyObject *module)
{
    struct plugin *plugin = plugin_create();
    if (!plugin)
        return -1;
    int added = export_add(module, plugin, table_of_exports());
    plugin_release(plugin);
    return added < 0 ? -1 : PyModule_AddStringConstant(module, "__version__", CG_VERSION);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, PLUGIN_SLOT(module_exec)}, {0, NULL}};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "cg_import",
    .m_doc = "Checks, speeds up and records the content-generator imports of a Koji hub.",
    .m_slots = slots,
};

PyObject *PyInit_cg_import(void)
{
    return PyModuleDef_Init(&definition);
}

PyObject *PyInit__koji_plugin__cg_import(void)
{
    return PyModuleDef_Init(&definition);
}
