-- SPDX-License-Identifier: MIT
-- luacheck: ignore 111
-- luacheck: read globals ENV_PWD ENV_HOST_FOLDER VirtualHost

run_as_root = true
plugin_paths = { ENV_PWD .. "/spec/support/hosts/prosody" }
data_path = ENV_HOST_FOLDER
modules_enabled = { "run_rows" }
modules_disabled = { "c2s", "s2s" }

VirtualHost "localhost"
