-- SPDX-License-Identifier: MIT
-- Prosody with mod_openai_uploads. From the folder of a clone:
--
--   export OPENAI_API_KEY=sk-...
--   prosody -F --config examples/prosody/prosody.cfg.lua
--   curl -X POST http://127.0.0.1:8080/uploads/upload_abc123/cancel
-- luacheck: ignore 111
-- luacheck: read globals ENV_PWD VirtualHost

plugin_paths = { ENV_PWD .. "/examples/prosody" }
modules_enabled = { "http" }
modules_disabled = { "c2s", "s2s" } -- HTTP alone
http_ports = { 8080 }
http_interfaces = { "127.0.0.1" }
https_ports = {}
http_default_host = "localhost"

VirtualHost "localhost"
  modules_enabled = { "openai_uploads" }
