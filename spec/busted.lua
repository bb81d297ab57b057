-- SPDX-License-Identifier: MIT
-- busted, run by the very interpreter that runs this file: its own launcher would choose one, and start it anew.
require "busted.runner" { standalone = false }
