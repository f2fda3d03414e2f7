/* pthread_setname_np */
#define _GNU_SOURCE
#include "blp_thread.h"

#include <pthread.h>
#include <string.h>

/* In C, because Swift has no thread-local variables. One of pthreads' keys would need memory that nobody frees for the main thread. */
static _Thread_local char message[4096];

void blp_set_thread_error(const char *text, size_t length)
{
    if (length > sizeof message - 1) {
        length = sizeof message - 1;
        while (length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
    }
    memcpy(message, text, length);
    message[length] = 0;
}

const char *blp_thread_error(void) { return message; }

/* When exit(3) takes down the library, which is before it takes down what the library is linked with. */
__attribute__((destructor)) static void end(void) { blp_process_ends(); }

void blp_name_thread(void) { pthread_setname_np(pthread_self(), "boundary-logs"); }
