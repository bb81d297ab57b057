-- SPDX-License-Identifier: MIT
-- Runs the rows inside Tarantool.
-- luacheck: read globals package.searchpath

local fiber = require "fiber"
require "openai_uploads.loop.tarantool" -- while `socket` is Tarantool's own module
package.loaded.socket = dofile(assert(package.searchpath("socket", package.path)))
local running = require "spec.support.hosts.running"

local host = { loop = "tarantool", spawn = fiber.create, yields_through_c = true }

function host.pause() fiber.sleep(0.001) end

host.run = running.run(host.spawn, running.by(host.pause))

require "spec.support.hosts.run_rows"(host)
os.exit(0)
