/* SPDX-License-Identifier: MIT */
/* A request: a method, a URL, headers, and for a POST a body in memory or in a form that is streamed from a
 * source. Built once a call, sent once an attempt. */
#ifndef HTTP_HTTP_REQUEST_H
#define HTTP_HTTP_REQUEST_H

#include "base/byte_sink.h"
#include "base/byte_source.h"
#include "http/http_settings.h"

/* Room for 100 000 ids of 160 bytes each. */
enum { HTTP_REQUEST_MAX_BODY_BYTES = 16 * 1024 * 1024 };

enum http_method { HTTP_METHOD_POST, HTTP_METHOD_GET, HTTP_METHOD_DELETE };

/* COMPLETED: an object whose status is "completed", and whose `file` has an id. DELETED: one whose `deleted`
 * is true. LIST: no id, and `data` with objects that have one. */
enum answer_shape { ANSWER_OBJECT, ANSWER_COMPLETED, ANSWER_DELETED, ANSWER_LIST };

/* What a 2xx must contain to answer the call. All texts but the id are static. */
struct expected_answer {
  enum answer_shape shape;
  const char *type;      /* the value of `object`, if the answer has that field */
  const char *id_field;  /* the field that repeats the id of the request; NULL: the request has none */
  const char *id_of;     /* what has that id, in the words of a message */
  struct text_buffer id; /* the value of that field, where the answer has the field */
};

/* A larger part gets a connection of its own. One of this size fits, with the form around it, into the window
 * of 65535 bytes that HTTP/2 begins with. */
enum { HTTP_REQUEST_MAX_SHARED_PART_BYTES = 64000 };

/* Whether a request is only a connection that is opened ahead of need. Nothing is sent on it. */
enum connects_ahead { CONNECTS_FOR_REQUEST, CONNECTS_AHEAD, CONNECTS_AHEAD_FOR_PART };

/* A body that is a form: the field with a source's bytes, which is a file, and others that are texts. */
struct request_form {
  const char *field; /* static */
  struct text_buffer filename, mime_type;
  struct text_buffer texts; /* each a name and a value, with a NUL behind either */
};

struct http_request {
  enum http_method method;
  struct text_buffer url;
  struct text_buffer body;
  const char *content_type;   /* of `body`, static text; NULL: the request has none */
  struct byte_source *source; /* of the form's file, its owner's; NULL: the body is no form */
  struct request_form form;   /* while there is a source */
  struct byte_sink
      *sink; /* of the body of a 2xx, its owner's; NULL: the body is the object that is expected */
  struct expected_answer expected;
  size_t answer_room; /* bytes that its answer may have where max_response_bytes is less; usually 0 */
  enum connects_ahead connects_ahead;
  struct curl_slist *own_headers;   /* the client's merged with the call's; NULL where the call has none */
  const struct curl_slist *headers; /* own_headers, or the client's */
};

/* Begins the URL with the service's base, and merges the headers. The call's own additions may be NULL, and
 * stay the caller's. False when memory ran out. */
bool http_request_create(struct http_request *request, const struct http_settings *settings,
                         const struct request_additions *additions);
void http_request_destroy(struct http_request *request);

/* Makes the body a form with the bytes of `source`. Fails as text_buffer_append does. `field` is static. */
bool http_request_set_form(struct http_request *request, const char *field, struct byte_source *source,
                           const char *filename, const char *mime_type);

/* Adds a text to the form, before the file. The same. */
bool http_request_add_text(struct http_request *request, const char *name, const char *value);

/* The name of its method, in capitals. */
const char *http_request_method(const struct http_request *request);

/* Whether the service may change anything because of it. If not, it is never in doubt what was done. */
bool http_request_has_effect(const struct http_request *request);

/* Appends the query of the base URL, the client's and the call's to the URL. Fails with `configuration` when
 * the URL or the body is too long. */
bool http_request_seal(struct http_request *request, const struct http_settings *settings,
                       const struct request_additions *additions, struct failure *failure);

#endif
