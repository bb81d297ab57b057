/* SPDX-License-Identifier: MIT */
/* The two tables of Lua values that C keeps: `client_slots`, the user value of a client's userdata, and
 * `call_slots`, that of a transfer's. Both begin with the same callbacks: a call's own one is asked first. */
#ifndef BINDING_LUA_SLOTS_H
#define BINDING_LUA_SLOTS_H

enum slot { SLOT_NONE, SLOT_ON_RETRY, SLOT_LOG, FIRST_SLOT_OF_ONE };

enum client_slot {
  CLIENT_SLOT_API_KEY = FIRST_SLOT_OF_ONE, /* the function that gives the key */
  CLIENT_SLOT_WAIT,                        /* the Lua function that waits where the client suspends */
  CLIENT_SLOT_KNOWN_TRANSFERS,             /* number -> userdata of every transfer, weak */
  CLIENT_SLOT_HELD_TRANSFERS,              /* number -> userdata of those that the client keeps alive */
  CLIENT_SLOT_ATTEND,                      /* functions of our own for protected calls: Lua 5.1 allocates */
  CLIENT_SLOT_FINISH,                      /* to push one */
  CLIENT_SLOT_START
};

enum call_slot {
  CALL_SLOT_ON_DONE = FIRST_SLOT_OF_ONE, /* the listener */
  CALL_SLOT_DATA,                        /* the value or function with a part's bytes */
  CALL_SLOT_REWIND,                      /* the function that restarts it */
  CALL_SLOT_CHUNK,                       /* the chunk in use */
  CALL_SLOT_TO,                          /* the function that receives a streamed answer */
  CALL_SLOT_ANSWER,                      /* the object of a 2xx that was decoded before the result is taken */
  CALL_SLOT_CLIENT,                      /* the client's userdata: methods need it */
  CALL_SLOTS
};

#endif
