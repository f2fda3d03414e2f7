/* What a host was compiled with must stay true: a change here breaks it. */
#include "boundary_log_proxy.h"

_Static_assert(sizeof(blp_statistics) == 26 * 8, "new members go to the end, and change this line only");
_Static_assert(offsetof(blp_statistics, size) == 0, "the size comes first");
_Static_assert(offsetof(blp_statistics, logs_dropped) == 7 * 8, "members keep their places");
_Static_assert(offsetof(blp_statistics, connections) == 20 * 8, "members keep their places");
_Static_assert(offsetof(blp_statistics, submits_waiting) == 24 * 8, "members keep their places");

_Static_assert(offsetof(blp_delivery, token) == 8, "members keep their places");
_Static_assert(offsetof(blp_delivery, attempt) == sizeof(blp_delivery) - 8, "new members go to the end, and change this line only");
