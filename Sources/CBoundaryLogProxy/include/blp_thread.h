/* Of the library itself, not installed. */
#ifndef BLP_THREAD_H
#define BLP_THREAD_H

#include <stddef.h>

/* Keeps what blp_last_error() returns on this thread; what is beyond 4095 bytes is cut, between characters. */
void blp_set_thread_error(const char *text, size_t length);
const char *blp_thread_error(void);

/* Names the calling thread, for debuggers and top(1). */
void blp_name_thread(void);

/* In Swift: the process ends, perhaps with proxies at work. */
void blp_process_ends(void);

#endif
