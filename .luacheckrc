std = "min"
max_line_length = 120
self = false -- a method need not use it
files["spec"] = { std = "+busted", read_globals = { "jit", "newproxy" } }
for folder, globals in pairs {
  apache = { "apache2", "handle" }, conky = { "conky_upload" },
  dnsdist = { "getStatisticsCounters", "infolog", "maintenance" },
  ["knot-resolver"] = { "event", "ffi", "hour", "log_info", "stats", "worker" }, lighttpd = { "lighty" },
  kamailio = { "KSR", "ksr_request_route" }, love = { "love" }, luanti = { "minetest" }, mpv = { "mp" }, pandoc = { "pandoc", "Pandoc" },
  ["pdns-recursor"] = { "maintenance", "pdnslog", "preresolve" }, trafficserver = { "do_remap", "ts" },
  tshark = { "Listener" }, vlc = { "vlc" }, wireplumber = { "Core" },
  weechat = { "upload_act", "upload_command", "upload_quit", "weechat" },
} do files["examples/" .. folder] = { globals = globals } end
files["emulator"] = { std = "ngx_lua" }
files["lua/openai_uploads/loop/nginx.lua"] = { std = "ngx_lua" }
files["lua/openai_uploads/types.lua"] = { ignore = { "111", "112", "113", "131", "212", "241", "631" } }
