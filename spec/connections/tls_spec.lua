-- SPDX-License-Identifier: MIT

local check = require "spec.support.check"
local fault = require "spec.support.fault"
local rows = require "spec.support.rows"
local with_service = require "spec.support.with_service"

describe("TLS", function()

  local server = with_service.fault_server()
  local service = with_service.emulator()

  local function client_of(base_url, settings)
    local all = { ca_file = service.ca_file }
    for name, value in pairs(settings or {}) do all[name] = value end
    return rows.client(base_url, all)
  end

  local function cancelled(client)
    local id = service.make_uploads(1)[1]
    local upload, failure = client.cancel(id)
    assert.is_nil(failure)
    assert.are.same({ id, "cancelled" }, { upload.id, upload.status })
  end

  describe("is taken", function()
    local function own(names)
      return function()
        local settings = {}
        for setting, name in pairs(names) do settings[setting] = service[name] end
        return settings
      end
    end
    local accepted = {
      { "from an issuer in ca_file", "good" },
      { "without HTTP/2", "http1" },
      { "with a certificate of our own when one is asked for", "client_certificate",
        own { client_cert = "client_cert", client_key = "client_key" } },
      { "for another host without verify_tls", "wrong_host", function() return { verify_tls = false } end },
      { "after its time without verify_tls", "expired", function() return { verify_tls = false } end },
      { "from anybody without verify_tls", "unknown_issuer", function() return { verify_tls = false } end },
    }
    for _, row in ipairs(accepted) do
      it(row[1], function() cancelled(client_of(service.tls[row[2]], row[3] and row[3]())) end)
    end
  end)

  describe("is refused by us before anything was sent, and not tried again,", function()
    local advice = "; name the file of a private authority in %-%-ca%-file, ca_file or SSL_CERT_FILE$"
    local refused = {
      { "after the certificate's time", "expired", says = "expired" },
      { "for a certificate of another host", "wrong_host", says = "match" },
      { "for a certificate of an unknown issuer", "unknown_issuer", says = advice },
      { "without the issuer in ca_file", "good", settings = { ca_file = "" }, says = advice },
      { "for a ca_file that is not there", "good", settings = { ca_file = "/no/such/file" },
        says = "^ca_file '/no/such/file' cannot be opened: there is no such file$" },
      { "for a ca_file in what is no folder", "good", settings = { ca_file = "/dev/null/file" },
        says = "^ca_file '/dev/null/file' cannot be opened: it is not a readable file$" },
      { "for a client_cert that is not there", "good", settings = { client_cert = "/no/such/file" },
        says = "^client_cert '/no/such/file' cannot be opened: there is no such file$" },
      { "for a client_key that is not there", "good", own = { client_cert = "client_cert" },
        settings = { client_key = "/no/such/file" },
        says = "^client_key '/no/such/file' cannot be opened: there is no such file$" },
      { "for a client_key that holds no key", "good", own = { client_cert = "client_cert", client_key = "client_cert" },
        says = "key.* file" },
    }
    for _, row in ipairs(refused) do
      it(row[1], function()
        local settings = { max_retries = 2 }
        for name, value in pairs(row.settings or {}) do settings[name] = value end
        for name, file in pairs(row.own or {}) do settings[name] = service[file] end
        local client = client_of(service.tls[row[2]], settings)
        service.reset()
        row.kind, row.may = "tls", false
        rows.check_failure(row, client.cancel(rows.id))
        rows.check_failure(row, client.cancel(rows.id))
        assert.are.same({}, (service.requests()))
      end)
    end
  end)

  describe("that comes to nothing has sent nothing:", function()
    local function over_tls(base_url) return (base_url:gsub("^http:", "https:")) end
    local function answering(...)
      local steps = { ... }
      return function() return over_tls(server.script { steps }.base_url) end
    end
    local alert = "\21\3\1\0\2\2\40" -- handshake_failure
    local broken = {
      { "a protocol that is too old", function() return service.tls.old_protocol end, says = "protocol" },
      { "a server that speaks plain HTTP", function() return over_tls(service.base_url) end, says = "[ST]L" },
      { "an answer in plain HTTP", answering { "send", fault.answer(400) }, says = "[ST]L" },
      { "an alert", answering { "send", alert }, says = "[Hh]andshake fail" },
      { "a close in the handshake", answering { "close" }, says = "%w" },
      { "a reset in the handshake", answering({ "wait", 0.05 }, { "reset" }), says = "%w" },
      { "a handshake that stalls beyond connect_timeout", function() return over_tls((server.silent())) end,
        settings = { connect_timeout = 0.1 }, kind = "timeout", says = "[Tt]ime" },
      { "a handshake that stalls beyond timeout", function() return over_tls((server.silent())) end,
        settings = { timeout = 0.1 }, kind = "timeout", says = "[Tt]ime" },
    }
    for _, row in ipairs(broken) do
      it(row[1], function()
        local client = client_of(row[2](), row.settings)
        row.kind, row.may = row.kind or "tls", false
        rows.check_failure(row, client.cancel(rows.id))
        row.attempts = 2
        rows.check_failure(row, client.cancel(rows.id, { max_retries = 1 }))
      end)
    end
  end)

  it("that the server asked for is told when plain HTTP is spoken to it", function()
    local client = rows.client((service.tls.good:gsub("^https:", "http:")))
    local row = { kind = "bad_request", status = 400, may = false, says = "HTTP 400" }
    rows.check_failure(row, client.cancel(rows.id))
    rows.check_failure(row, client.cancel(rows.id))
  end)

  it("without the certificate that the server asks for is refused by the server", function()
    local client = client_of(service.tls.client_certificate)
    local row = { kind = "bad_request", status = 400, may = false, says = "HTTP 400" }
    rows.check_failure(row, client.cancel(rows.id))
    rows.check_failure(row, client.cancel(rows.id))
  end)

  -- bytes of each of two parts at a time, and what they have of the service
  for _, row in ipairs {
    { "large parts on connections of their own, beside the one that small calls share", 64001, 2, { "1.1", "1.1" } },
    { "small parts on the connection that small calls share", 64000, 1, { "2", "2" } },
  } do
    it("carries " .. row[1], function()
      local client = client_of(service.tls.good, { max_retries = 0 })
      local upload, failure, of_create = client.create(
        { filename = "a", purpose = "batch", bytes = 2 * row[2], mime_type = "text/plain" }, { with_response = true })
      assert.is_nil(failure)
      assert.are.equal("2", of_create.http_version)
      service.answer_next { { call = "parts", delay = 0.1 }, { call = "parts", delay = 0.1 } }
      local transfers = {
        client.start.parts.create(upload.id, { data = ("a"):rep(row[2]) }),
        client.start.parts.create(upload.id, { data = ("b"):rep(row[2]) }),
      }
      local part_ids = {}
      for index, transfer in ipairs(transfers) do
        local _, part, refused = transfer:wait()
        assert.is_nil(refused)
        part_ids[index] = part.id
      end
      assert(client.complete(upload.id, { part_ids = part_ids }))
      local of_parts, others, versions = {}, {}, {}
      for _, request in ipairs((service.requests())) do
        local is_part = request.uri:find "/parts$"
        local connections = is_part and of_parts or others
        connections[request.connection] = true
        if is_part then versions[#versions + 1] = request.http_version end
      end
      assert.are.equal(row[3], #check.sorted_names(of_parts))
      assert.are.equal(1, #check.sorted_names(others))
      assert.are.equal(versions[1] == "2", others[next(of_parts)] == true)
      assert.are.same(row[4], versions)
    end)
  end

  for _, version in ipairs { "1.1", "2" } do
    describe("with HTTP/" .. version, function()
      local client

      before_each(function() client = client_of(service.tls[version == "2" and "good" or "http1"]) end)

      it("is what a call is made over", function()
        local id = service.make_uploads(1)[1]
        local _, _, response = client.cancel(id, { with_response = true })
        assert.are.equal(version, response.http_version)
      end)

      for _, connection in ipairs { "fresh", "kept-alive" } do
        it(("that ends without an answer leaves a doubt on a %s connection"):format(connection), function()
          if connection == "kept-alive" then cancelled(client) end
          local id = service.make_uploads(1)[1]
          service.answer_next { { close = true } }
          rows.check_failure({ kind = "connection", may = true, says = "%w" }, client.cancel(id))
          assert.are.equal("pending", service.upload(id).status)
          cancelled(client)
        end)

        it(("whose answer was lost is told from a refusal on a %s connection"):format(connection), function()
          if connection == "kept-alive" then cancelled(client) end
          local id = service.make_uploads(1)[1]
          service.answer_next { { close = true, apply = true } }
          local row = { kind = "bad_request", status = 400, attempts = 2, may = true, says = "no longer pending" }
          rows.check_failure(row, client.cancel(id, { max_retries = 2 }))
          assert.are.equal("cancelled", service.upload(id).status)
          cancelled(client)
        end)
      end
    end)
  end
end)
