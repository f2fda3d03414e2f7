/* A thread that POSTs deliveries, one at a time, over one connection that it keeps: as small as HTTP can be, for the flood's sink. */
#ifndef POST_H
#define POST_H

#include "check.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

struct post {
    struct post *next;
    blp_token token;
    char key[128];
    size_t length;
    unsigned char body[];
};

struct poster {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct post *first;
    int is_running, is_ending;
    int port, connection;
    const char *path;
};

static inline int poster_connect(struct poster *poster)
{
    struct sockaddr_in address;
    int on = 1;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)poster->port);
    poster->connection = socket(AF_INET, SOCK_STREAM, 0);
    if (poster->connection >= 0 && connect(poster->connection, (struct sockaddr *)&address, sizeof address) == 0) {
        setsockopt(poster->connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return 1;
    }
    close(poster->connection);
    poster->connection = -1;
    return 0;
}

static inline int send_all(int descriptor, const void *bytes, size_t length, int flags)
{
    const char *next = (const char *)bytes;
    while (length > 0) {
        ssize_t count = send(descriptor, next, length, flags | MSG_NOSIGNAL);
        if (count <= 0) return 0;
        next += count;
        length -= (size_t)count;
    }
    return 1;
}

/* The status of the answer; 0 when there was none. */
static inline int exchange(struct poster *poster, const struct post *post)
{
    char head[512], answer[2048];
    size_t got = 0;
    int length = snprintf(
        head, sizeof head,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/x-protobuf\r\nIdempotency-Key: %s\r\nContent-Length: %lu\r\n\r\n", poster->path,
        poster->port, post->key, (unsigned long)post->length);
    if (poster->connection < 0 && !poster_connect(poster)) return 0;
    if (!send_all(poster->connection, head, (size_t)length, MSG_MORE) || !send_all(poster->connection, post->body, post->length, 0)) return 0;
    do {
        ssize_t count = recv(poster->connection, answer + got, sizeof answer - 1 - got, 0);
        if (count <= 0) return 0;
        got += (size_t)count;
        answer[got] = 0;
    } while (strstr(answer, "\r\n\r\n") == NULL && got < sizeof answer - 1);
    return atoi(answer + strlen("HTTP/1.1 "));
}

static inline void post_one(struct poster *poster, const struct post *post)
{
    int status = exchange(poster, post);
    if (status == 200) {
        /* The proxy may have been stopped meanwhile. */
        int code = blp_complete(post->token, BLP_DELIVERED, 0, NULL);
        CHECK(code == BLP_OK || code == BLP_E_TOKEN);
        return;
    }
    /* A body may follow: a new connection begins after none. */
    if (poster->connection >= 0) close(poster->connection);
    poster->connection = -1;
    blp_complete(post->token, status == 413 ? BLP_TOO_LARGE : BLP_RETRY, 0, "the sink does not take it");
}

static inline void *poster_run(void *context)
{
    struct poster *poster = (struct poster *)context;
    pthread_mutex_lock(&poster->lock);
    for (;;) {
        struct post *post;
        while (poster->first == NULL && !poster->is_ending) pthread_cond_wait(&poster->changed, &poster->lock);
        post = poster->first;
        if (post == NULL) break;
        poster->first = post->next;
        pthread_mutex_unlock(&poster->lock);
        post_one(poster, post);
        free(post);
        pthread_mutex_lock(&poster->lock);
    }
    pthread_mutex_unlock(&poster->lock);
    return NULL;
}

/* url: http://127.0.0.1:PORT/PATH; it must live as long as the poster. */
static inline void poster_start(struct poster *poster, const char *url)
{
    const char *colon = strrchr(url, ':');
    CHECK(colon != NULL && strchr(colon, '/') != NULL);
    poster->port = atoi(colon + 1);
    poster->path = strchr(colon, '/');
    poster->connection = -1;
    poster->is_running = 1;
    CHECK(pthread_mutex_init(&poster->lock, NULL) == 0 && pthread_cond_init(&poster->changed, NULL) == 0);
    CHECK(pthread_create(&poster->thread, NULL, poster_run, poster) == 0);
}

static inline void post_later(struct poster *poster, const blp_delivery *delivery)
{
    struct post *post = (struct post *)malloc(sizeof *post + delivery->request_length), **last;
    CHECK(post != NULL && strlen(delivery->key) < sizeof post->key);
    post->next = NULL;
    post->token = delivery->token;
    strcpy(post->key, delivery->key);
    post->length = delivery->request_length;
    memcpy(post->body, delivery->request, delivery->request_length);
    pthread_mutex_lock(&poster->lock);
    for (last = &poster->first; *last != NULL; last = &(*last)->next) {}
    *last = post;
    pthread_cond_signal(&poster->changed);
    pthread_mutex_unlock(&poster->lock);
}

static inline void poster_stop(struct poster *poster)
{
    if (!poster->is_running) return;
    pthread_mutex_lock(&poster->lock);
    poster->is_ending = 1;
    pthread_cond_signal(&poster->changed);
    pthread_mutex_unlock(&poster->lock);
    CHECK(pthread_join(poster->thread, NULL) == 0);
    if (poster->connection >= 0) close(poster->connection);
}

#endif
