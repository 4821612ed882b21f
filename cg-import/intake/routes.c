/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "intake/routes.h"

#include "intake/contract.h"
#include "intake/health.h"
#include "intake/metrics.h"

/* Open to anyone: monitoring has no credentials, and a contract is no secret. */
static const struct intake_route routes[] = {
    {"GET", "/healthz", 0, 0, &health_alive},
    {"GET", "/readyz", 0, 0, &health_ready},
    {"GET", "/metrics", 0, 0, &metrics_handler},
    {"GET", "/openapi.json", 0, 0, &contract_openapi_json},
    {"GET", "/openapi.yaml", 0, 0, &contract_openapi_yaml},
    {"GET", "/problems/{name}", 0, 0, &contract_problem},
};

const struct intake_route *routes_of_server(size_t *count)
{
    *count = sizeof routes / sizeof routes[0];
    return routes;
}
