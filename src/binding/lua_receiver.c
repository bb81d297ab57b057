/* SPDX-License-Identifier: MIT */
#include "binding/lua_receiver.h"

#include "binding/lua_compat.h"
#include "binding/lua_fields.h"
#include "binding/lua_program.h"
#include "binding/lua_raise.h"
#include "binding/lua_slots.h"

#include <errno.h>
#include <string.h>

static bool check_receiver(lua_State *L, int to) {
  FILE *file = NULL;
  if (lua_isfunction(L, to)) return true;
  if (compat_is_file(L, to, &file)) return file || lua_fields_complain(L, "params.to is a closed file");
  return lua_fields_check_text(L, to, "to", "a path, an open file or a function");
}

bool lua_receiver_read(lua_State *L, int index, struct lua_receiver *receiver) {
  static const char *const names[] = {"to", "max_bytes", NULL};
  receiver->max_bytes = BYTE_SINK_UNLIMITED;
  if (!lua_fields_check_names(L, index, names)) return false;
  receiver->to = lua_fields_push(L, index, "to");
  if (lua_isnil(L, receiver->to)) return lua_fields_complain(L, "params.to is missing");
  return lua_fields_read_whole(L, index, "max_bytes", &receiver->max_bytes) &&
         check_receiver(L, receiver->to);
}

/* Lua's buffer goes first. A finalizer, which may run whenever Lua takes memory, may have closed the file. */
static void open_io_file(const struct lua_receiver *receiver, FILE *stream, struct byte_sink *sink,
                         struct failure *problem) {
  if (!stream)
    failure_set(problem, FAILURE_FILE, "the file was closed before it could be written to");
  else if (fflush(stream) != 0)
    failure_set_errno(problem, errno, "what was written to the file did not get into it");
  else
    byte_sink_to_descriptor(sink, fileno(stream), receiver->max_bytes, problem);
}

void lua_receiver_open(lua_State *L, const struct lua_receiver *receiver, struct byte_sink *sink,
                       int call_slots, struct failure *problem) {
  FILE *stream;
  if (lua_isfunction(L, receiver->to)) {
    lua_pushvalue(L, receiver->to);
    lua_rawseti(L, call_slots, CALL_SLOT_TO);
    byte_sink_to_reader(sink, receiver->max_bytes);
  } else if (compat_is_file(L, receiver->to, &stream)) {
    open_io_file(receiver, stream, sink, problem);
  } else {
    byte_sink_to_path(sink, lua_tostring(L, receiver->to), receiver->max_bytes, problem);
  }
}

/* The two results of the function are on top of the stack. */
static bool check_consent(lua_State *L, struct failure *failure) {
  if (lua_toboolean(L, -2) || lua_isnil(L, -1)) return true;
  lua_raise_describe(L);
  return failure_set(failure, FAILURE_ABORTED, "the receiver gave up: %s", lua_tostring(L, -1));
}

static bool has_gathered(const struct lua_transfer *holder, unsigned attempt, int64_t taken, size_t length) {
  const struct transfer *transfer = holder->transfer;
  return transfer && transfer_has_unread(transfer) && transfer->attempts == attempt &&
         transfer->request.sink->taken == taken && transfer->request.sink->length == length;
}

/* Pushes the bytes gathered, and notes them as read, because the function that gets them may step the client.
 * Lua may run a finalizer of the program when it allocates, which may step or close the client. So the bytes
 * are copied in between. False when such a finalizer has changed anything: the bytes may be others, or gone.
 */
static bool push_gathered(lua_State *L, const struct lua_transfer *holder) {
  struct byte_sink *sink = holder->transfer->request.sink;
  unsigned attempt = holder->transfer->attempts;
  int64_t taken = sink->taken;
  size_t length = sink->length;
  char *copy = compat_newuserdata(L, length);
  if (!has_gathered(holder, attempt, taken, length)) return false;
  memcpy(copy, sink->gathered, length);
  lua_pushlstring(L, copy, length);
  lua_remove(L, -2);
  if (!has_gathered(holder, attempt, taken, length)) return false;
  byte_sink_note_read(sink);
  return true;
}

/* Returns whether the function wants more. */
static bool hand_out_once(lua_State *L, int call_slots, struct lua_transfer *holder,
                          struct failure *failure) {
  struct transfer *transfer = holder->transfer;
  bool consents;
  lua_rawgeti(L, call_slots, CALL_SLOT_TO);
  if (!push_gathered(L, holder)) return true;
  holder->is_receiving = true;
  consents = lua_program_ask(L, transfer->client, "to", 1, 2, &holder->is_receiving, failure);
  return consents && check_consent(L, failure);
}

/* Within its own function a transfer gets nothing: it goes on there, so that the bytes stay in order. */
void lua_receiver_hand_out(lua_State *L, int call_slots, struct lua_transfer *holder) {
  struct failure failure = {0};
  int top = lua_gettop(L);
  if (holder->is_receiving) return;
  while (!lua_transfer_is_spent(holder) && transfer_has_unread(holder->transfer)) {
    bool consents = hand_out_once(L, call_slots, holder, &failure);
    lua_settop(L, top);
    if (lua_transfer_is_spent(holder) || holder->transfer->state == TRANSFER_DONE) return;
    if (!consents) {
      transfer_fail(holder->transfer, failure.kind, failure.message);
      return;
    }
    transfer_note_read(holder->transfer);
  }
}

void lua_receiver_forget(lua_State *L, int call_slots) {
  lua_pushnil(L);
  lua_rawseti(L, call_slots, CALL_SLOT_TO);
}
