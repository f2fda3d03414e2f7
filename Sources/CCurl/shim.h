#include <curl/curl.h>

// Swift cannot call variadic functions: each kind of argument that we use is typed here, once.
// The names in parentheses keep curl's type checking macros off, which want constant options.

static inline CURLcode blp_easy_set_long(CURL *easy, CURLoption option, long value) {
  return (curl_easy_setopt)(easy, option, value);
}
static inline CURLcode blp_easy_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
  return (curl_easy_setopt)(easy, option, value);
}
static inline CURLcode blp_easy_set_string(CURL *easy, CURLoption option, const char *value) {
  return (curl_easy_setopt)(easy, option, value);
}
static inline CURLcode blp_easy_set_pointer(CURL *easy, CURLoption option, void *value) {
  return (curl_easy_setopt)(easy, option, value);
}
static inline CURLcode blp_easy_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
  return (curl_easy_setopt)(easy, option, value);
}
static inline CURLcode blp_easy_set_read(CURL *easy, curl_read_callback function) {
  return (curl_easy_setopt)(easy, CURLOPT_READFUNCTION, function);
}
static inline CURLcode blp_easy_set_seek(CURL *easy, curl_seek_callback function) {
  return (curl_easy_setopt)(easy, CURLOPT_SEEKFUNCTION, function);
}
static inline CURLcode blp_easy_set_write(CURL *easy, curl_write_callback function) {
  return (curl_easy_setopt)(easy, CURLOPT_WRITEFUNCTION, function);
}
static inline CURLcode blp_easy_set_header(CURL *easy, curl_write_callback function) {
  return (curl_easy_setopt)(easy, CURLOPT_HEADERFUNCTION, function);
}
static inline CURLcode blp_easy_set_open_socket(CURL *easy, curl_opensocket_callback function) {
  return (curl_easy_setopt)(easy, CURLOPT_OPENSOCKETFUNCTION, function);
}
static inline CURLcode blp_easy_set_close_socket(CURL *easy, curl_closesocket_callback function) {
  return (curl_easy_setopt)(easy, CURLOPT_CLOSESOCKETFUNCTION, function);
}

static inline CURLcode blp_easy_get_long(CURL *easy, CURLINFO info, long *value) {
  return (curl_easy_getinfo)(easy, info, value);
}
static inline CURLcode blp_easy_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
  return (curl_easy_getinfo)(easy, info, value);
}
static inline CURLcode blp_easy_get_string(CURL *easy, CURLINFO info, const char **value) {
  return (curl_easy_getinfo)(easy, info, value);
}

static inline CURLcode blp_easy_get_socket(CURL *easy, CURLINFO info, curl_socket_t *value) {
  return (curl_easy_getinfo)(easy, info, value);
}

static inline CURLMcode blp_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return (curl_multi_setopt)(multi, option, value);
}
static inline CURLMcode blp_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
  return (curl_multi_setopt)(multi, option, value);
}
static inline CURLMcode blp_multi_set_socket(CURLM *multi, curl_socket_callback function) {
  return (curl_multi_setopt)(multi, CURLMOPT_SOCKETFUNCTION, function);
}
static inline CURLMcode blp_multi_set_timer(CURLM *multi, curl_multi_timer_callback function) {
  return (curl_multi_setopt)(multi, CURLMOPT_TIMERFUNCTION, function);
}

static inline CURLcode blp_easy_set_debug(CURL *easy, curl_debug_callback function) {
  return (curl_easy_setopt)(easy, CURLOPT_DEBUGFUNCTION, function);
}
static inline CURLcode blp_easy_get_certificates(CURL *easy, struct curl_certinfo **value) {
  return (curl_easy_getinfo)(easy, CURLINFO_CERTINFO, value);
}
