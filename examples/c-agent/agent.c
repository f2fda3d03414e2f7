/*
 * An agent in C that runs the proxy on its own libuv loop and gets the audit logs by callback.
 *
 *     cc -o agent agent.c $(pkg-config --cflags --libs boundary_log_proxy)
 *     ./agent /tmp/boundary-audit.sock
 *
 * Each delivery is uploaded by a worker (here: counted, and written to standard output) while the loop goes on; the worker answers through the delivery's
 * token, from its own thread. SIGTERM and SIGINT end the agent: the proxy delivers what it has, then the loop is empty.
 */
#include <boundary_log_proxy.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct agent {
    uv_loop_t loop;
    uv_signal_t signals[2];
    uv_timer_t heartbeat;
    blp_proxy *proxy;
};

/* A delivery on its way: the proxy's bytes are valid during its call only, so they are copied. */
struct upload {
    uv_work_t work;
    blp_token token;
    unsigned long long logs;
    size_t length;
    char session[64];
    unsigned char *request;
};

static void fail(const char *what)
{
    fprintf(stderr, "agent: %s: %s\n", what, blp_last_error());
    exit(1);
}

/* On a thread of libuv's pool: this is where an agent would talk to its server. */
static void upload(uv_work_t *work)
{
    struct upload *u = (struct upload *)work->data;
    printf("uploaded %llu logs (%lu bytes) of session %s\n", u->logs, (unsigned long)u->length, u->session);
    if (blp_complete(u->token, BLP_DELIVERED, 0, NULL) != BLP_OK) fprintf(stderr, "agent: too late: %s\n", blp_last_error());
}

static void uploaded(uv_work_t *work, int status)
{
    struct upload *u = (struct upload *)work->data;
    (void)status;
    free(u->request);
    free(u);
}

/* On the loop's thread, for each delivery. */
static void report(void *context, const blp_delivery *delivery)
{
    struct agent *agent = (struct agent *)context;
    struct upload *u = (struct upload *)calloc(1, sizeof *u);
    if (u != NULL) u->request = (unsigned char *)malloc(delivery->request_length);
    if (u == NULL || u->request == NULL) {
        free(u);
        blp_complete(delivery->token, BLP_RETRY, 1000, "the agent is out of memory");
        return;
    }
    memcpy(u->request, delivery->request, delivery->request_length);
    u->length = delivery->request_length;
    u->token = delivery->token;
    u->logs = (unsigned long long)delivery->log_count;
    snprintf(u->session, sizeof u->session, "%.*s", (int)delivery->session_length, delivery->session);
    u->work.data = u;
    if (uv_queue_work(&agent->loop, &u->work, upload, uploaded) != 0) {
        blp_complete(delivery->token, BLP_RETRY, 0, "the agent cannot queue work");
        uploaded(&u->work, 0);
    }
}

static void say(void *context, int level, const char *message)
{
    (void)context;
    fprintf(stderr, "%s: %s\n", level >= BLP_LOG_WARNING ? "WARNING" : "proxy", message);
}

/* Nothing of the proxy is on the loop any more. */
static void closed(void *context, blp_proxy *proxy)
{
    blp_statistics s;
    (void)context;
    s.size = sizeof s;
    if (blp_stats(proxy, &s) != BLP_OK) fail("statistics");
    fprintf(
        stderr, "agent: received %llu logs, delivered %llu, dropped %llu\n", (unsigned long long)s.logs_received,
        (unsigned long long)s.logs_delivered, (unsigned long long)s.logs_dropped);
    blp_proxy_destroy(proxy);
}

static void end(uv_signal_t *handle, int number)
{
    struct agent *agent = (struct agent *)handle->data;
    (void)number;
    /* A second signal does not wait for the drain. */
    if (blp_proxy_close(agent->proxy, closed, agent) != BLP_OK) {
        blp_proxy_stop_now(agent->proxy);
        return;
    }
    uv_close((uv_handle_t *)&agent->heartbeat, NULL);
    uv_unref((uv_handle_t *)&agent->signals[0]);
    uv_unref((uv_handle_t *)&agent->signals[1]);
}

/* The agent's own work, on the same loop. It logs a request that it makes itself, too. */
static void beat(uv_timer_t *timer)
{
    struct agent *agent = (struct agent *)timer->data;
    static blp_log_session *session;
    if (session == NULL && blp_log_session_new("agent-heartbeat", "agent", &session) != BLP_OK) fail("session");
    if (blp_log_append(session, 1, "GET", "https://example.com/heartbeat", "domain=example.com", 0) != BLP_OK) fail("log");
    if (blp_log_flush(session, agent->proxy) != BLP_OK) fprintf(stderr, "agent: kept for later: %s\n", blp_last_error());
}

int main(int count, char **arguments)
{
    static struct agent agent;
    static const int numbers[2] = {SIGTERM, SIGINT};
    blp_config *config;
    int i;

    uv_loop_init(&agent.loop);
    if (blp_config_new(&config) != BLP_OK) fail("configuration");
    blp_config_set_log(config, say, NULL);
    blp_config_set_reporter(config, report, &agent);
    if (blp_config_set(config, "socket", count > 1 ? arguments[1] : "/tmp/boundary-audit.sock") != BLP_OK) fail("socket");
    if (blp_config_set(config, "in-flight-max", "4") != BLP_OK) fail("in-flight-max");
    if (blp_proxy_new(config, &agent.proxy) != BLP_OK) fail("configuration");
    blp_config_free(config);
    if (blp_proxy_attach(agent.proxy, &agent.loop) != BLP_OK) fail("start");

    for (i = 0; i < 2; i++) {
        uv_signal_init(&agent.loop, &agent.signals[i]);
        agent.signals[i].data = &agent;
        uv_signal_start(&agent.signals[i], end, numbers[i]);
    }
    uv_timer_init(&agent.loop, &agent.heartbeat);
    agent.heartbeat.data = &agent;
    uv_timer_start(&agent.heartbeat, beat, 100, 60000);

    uv_run(&agent.loop, UV_RUN_DEFAULT);
    return 0;
}
