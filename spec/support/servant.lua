-- SPDX-License-Identifier: MIT
-- Answers the requests of a held server as the service would.

local servant = {}

local function call_of(request) return request.path:match "/uploads/[^/]+/(%a+)" or "create" end

local answers = {
  create = '{"id":"upload_1","object":"upload","status":"pending"}',
  parts = '{"id":"part_%d","object":"upload.part","upload_id":"upload_1"}',
  complete = '{"id":"upload_1","object":"upload","status":"completed","file":{"id":"file_1","object":"file"}}',
}

-- Answers as the service would, in the order of the requests. `refused`: the calls that get a 400.
function servant.new(server, refused)
  local answered, serving = 0, {}

  function serving.call()
    local request = server.requests[answered + 1]
    return request and call_of(request)
  end

  function serving.answer()
    local call = serving.call()
    answered = answered + 1
    if (refused or {})[call] then return server.answer(400, "{}") end
    server.answer(200, answers[call] and answers[call]:format(answered))
  end

  function serving.serve()
    for _ = 1, server.look() do serving.answer() end
  end

  -- Answers other calls until this one waits. Returns whether it does.
  function serving.serve_until(wanted)
    while server.look() > 0 and serving.call() ~= wanted do serving.answer() end
    return server.look() > 0
  end

  return serving
end

-- The names of all calls so far.
function servant.calls(server)
  local names = {}
  for index, request in ipairs(server.requests) do names[index] = call_of(request) end
  return table.concat(names, " ")
end

return servant
