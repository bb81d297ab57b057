std = "min"
max_line_length = 120
files["spec"] = { std = "+busted", read_globals = { "jit", "newproxy" } }
files["emulator"] = { std = "ngx_lua" }
files["lua/openai_uploads/loop/nginx.lua"] = { std = "ngx_lua" }
files["lua/openai_uploads/types.lua"] = { ignore = { "111", "112", "113", "131", "212", "241", "631" } }
