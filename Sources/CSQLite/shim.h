#include <sqlite3.h>

// Swift cannot call variadic functions: the one form that we use is typed here.

static inline int blp_sqlite3_set_flag(sqlite3 *database, int option, int is_on) {
  return sqlite3_db_config(database, option, is_on, (int *)0);
}
