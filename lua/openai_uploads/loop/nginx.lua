-- SPDX-License-Identifier: MIT
-- nginx: waiting requests sleep on semaphores. One driver for each client and worker steps the engine. nginx can wait
-- only on its own sockets, so a waker sends the driver a byte over a TCP socket when there is work.
local core = require "openai_uploads.core"
local listen = require "openai_uploads.listen"

local ngx = rawget(_G, "ngx")

if type(ngx) ~= "table" then error("this program is not nginx", 0) end

local semaphore = require "ngx.semaphore"

-- A compiled LuaJIT trace keeps the client it was recorded with alive, and with it connections that nothing else uses.
jit.off(true, true)

local SECONDS_WITHOUT_BELL = 0.001
local IDLE_WAITS_BEFORE_REST = 2 -- the bell rings once a second when nothing happens
local SECONDS_OF_TRUST = 5       -- how long a driver may stay unseen, although the bell wakes it every second
local SECONDS_TO_BEGIN = 0.01    -- for a driver's timer, which never runs at nginx's limit of running timers
local STEPS_IN_A_ROW = 4 -- before nginx handles its own events
local MILLISECONDS_OF_HELLO = 1000
local MILLISECONDS_OF_RECEIVE = 1000 * 3600 * 24

local cannot_yield = {
  init = true, init_worker = true, set = true, header_filter = true, body_filter = true, log = true, balancer = true,
  exit_worker = true, ssl_session_store = true,
}

local loop = {}

--- Returns the reason why no call can wait in this phase, or nil if it can.
function loop.refusal()
  local phase = ngx.get_phase()
  if not cannot_yield[phase] then return nil end
  return ("a call cannot wait in nginx's '%s' phase: make it in a function given to ngx.timer.at, or in a phase that "
    .. "can wait, such as access or content"):format(phase)
end

-- client -> its driver: { seen: when it last ran, has_begun: whether it ever ran, woken: how many waiters it woke,
-- turn: the semaphore on which it sleeps while woken waiters run, is_yielding: whether it sleeps there }
local drivers = setmetatable({}, { __mode = "k" })
local told_of_no_bell

local function tell_of_no_bell(why)
  if told_of_no_bell then return end
  told_of_no_bell = true
  ngx.log(ngx.NOTICE, "openai_uploads looks for answers every ", SECONDS_WITHOUT_BELL * 1000,
    " ms, because the waker does not work: ", why)
end

-- Returns { bell, socket: hears the bell }, or nil and the reason why there is none.
local function new_bell(client)
  if not client.fd() then return nil, "this system has no descriptor to wait on" end
  local bell, port, token = core.waker()
  if not bell then return nil, port end
  local socket = ngx.socket.tcp()
  socket:settimeouts(MILLISECONDS_OF_HELLO, MILLISECONDS_OF_HELLO, MILLISECONDS_OF_RECEIVE)
  local said, why = socket:connect("127.0.0.1", port)
  if said then said, why = socket:send(token) end
  if said then return { bell = bell, socket = socket } end
  bell:close()
  return nil, why
end

local function close_bell(hearing)
  hearing.bell:close()
  hearing.socket:close()
end

-- Lets nginx work until the client may have work. Returns nil and the reason if the bell can no longer be heard.
local function wait_for_work(client, hearing)
  if not hearing then
    ngx.sleep(SECONDS_WITHOUT_BELL)
    return true
  end
  local descriptor = client.fd() -- a new one if the client was closed
  if not (descriptor and hearing.bell:arm(descriptor)) then return nil, "the waker cannot watch the client" end
  return hearing.socket:receive(1)
end

-- Lets the waiters run that the last step woke. They start new calls, and handle answers meanwhile.
local function let_woken_go_on(driver)
  driver.is_yielding = true
  driver.turn:wait(SECONDS_WITHOUT_BELL) -- bounded: a woken request may have been aborted by its HTTP client
  driver.is_yielding = false
end

-- Steps until nothing has run for a while. After a step that woke a waiter, the next step follows once the waiters have
-- run, because it may wake more. STEPS_IN_A_ROW bounds this, because nginx has other work. worker_shutdown_timeout
-- closes the bell's socket, as it closes all sockets.
local function drive(client, driver)
  local hearing, why = new_bell(client)
  local idle, woken, in_a_row = 0, driver.woken, 0
  if not hearing then tell_of_no_bell(why) end
  while true do
    local running = client.step()
    driver.seen, driver.has_begun = core.now(), true
    if driver.woken ~= woken and in_a_row < STEPS_IN_A_ROW then
      woken, in_a_row = driver.woken, in_a_row + 1
      let_woken_go_on(driver)
    else
      woken, in_a_row = driver.woken, 0
      idle = running > 0 and 0 or idle + 1
      if idle > IDLE_WAITS_BEFORE_REST or (idle > 0 and ngx.worker.exiting()) then break end
      local heard, why_not = wait_for_work(client, hearing)
      if not heard then
        close_bell(hearing)
        hearing = nil
        if ngx.worker.exiting() then client.close() else tell_of_no_bell(why_not) end
      end
    end
  end
  if hearing then close_bell(hearing) end
end

local function run_driver(_, client, driver)
  local succeeded, why = pcall(drive, client, driver)
  if drivers[client] == driver then drivers[client] = nil end
  if not succeeded then ngx.log(ngx.ERR, "openai_uploads: ", why) end
end

-- Returns the client's driver, or nil if the worker gives no timer. The driver runs in a timer, so that the end of a
-- request does not end it.
local function driver_of(client)
  local driver = drivers[client]
  if driver and core.now() - driver.seen < SECONDS_OF_TRUST then return driver end
  driver = { woken = 0, seen = core.now(), has_begun = false, turn = semaphore.new() }
  if not ngx.timer.at(0, run_driver, client, driver) then return nil end
  drivers[client] = driver
  return driver
end

-- Create this closure outside wait(): when nginx kills a request it clears that coroutine's stack, and open upvalues
-- with it.
local function new_waker(driver, woken)
  return function()
    driver.woken = driver.woken + 1
    woken:post()
  end
end

-- Refuses where the coroutine cannot yield: a semaphore keeps a waiter whose yield failed, and the worker later crashes
-- because of it.
function loop.wait(client, transfer, seconds)
  if not core.can_yield() then
    error("a call cannot wait inside a function that C calls, such as log or api_key: "
      .. "attempt to yield across C-call boundary", 0)
  end
  local driver = driver_of(client)
  if not driver then
    ngx.sleep(SECONDS_WITHOUT_BELL)
    client.step()
    return
  end
  local woken = semaphore.new()
  listen(transfer, new_waker(driver, woken))
  local longest = driver.has_begun and SECONDS_OF_TRUST or SECONDS_TO_BEGIN
  if not woken:wait(math.min(seconds or longest, longest)) and not driver.has_begun then client.step() end
  if driver.is_yielding then
    driver.is_yielding = false
    driver.turn:post()
  end
end

--- Runs the action in a light thread of the request, and ends with the request. A request is not over before its light
--- threads are, so the returned function ends this one. It does so only if the thread that called spawn calls it.
function loop.spawn(action)
  if not core.can_yield() then return nil end
  local thread = ngx.thread.spawn(action)
  return function() ngx.thread.kill(thread) end
end

return loop
