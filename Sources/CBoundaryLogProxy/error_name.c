#include "boundary_log_proxy.h"

const char *blp_error_name(int code)
{
    switch (code) {
    case BLP_OK: return "BLP_OK";
    case BLP_E_INVALID: return "BLP_E_INVALID";
    case BLP_E_STATE: return "BLP_E_STATE";
    case BLP_E_THREAD: return "BLP_E_THREAD";
    case BLP_E_CONFIG: return "BLP_E_CONFIG";
    case BLP_E_START: return "BLP_E_START";
    case BLP_E_FULL: return "BLP_E_FULL";
    case BLP_E_PAYLOAD: return "BLP_E_PAYLOAD";
    case BLP_E_TOKEN: return "BLP_E_TOKEN";
    default: return "unknown";
    }
}
