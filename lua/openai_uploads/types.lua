---@meta openai_uploads
-- SPDX-License-Identifier: MIT
-- What an editor shows of `require "openai_uploads"`, for the Lua language server. Never loaded by a program.

---An Upload, as the service gave it: fields that it adds stay, nulls are absent, integers are integers.
---A plain table.
---@class openai_uploads.Upload
---@field id string
---@field object? "upload"
---@field bytes integer the size announced for the file
---@field created_at integer seconds since 1970
---@field expires_at? integer seconds since 1970; an hour after its creation
---@field filename string
---@field purpose string
---@field status "pending"|"completed"|"cancelled"|"expired"|string
---@field file? openai_uploads.File once it is completed

---The File that a completed Upload became.
---@class openai_uploads.File
---@field id string
---@field object "file"
---@field bytes integer
---@field created_at integer seconds since 1970
---@field expires_at? integer seconds since 1970
---@field filename string
---@field purpose string
---@field status? string deprecated by the service
---@field status_details? string deprecated by the service

---A Part of an Upload.
---@class openai_uploads.UploadPart
---@field id string
---@field object? "upload.part"
---@field created_at integer seconds since 1970
---@field upload_id string

---What went wrong. `tostring(failure)` and `..` give one line: "not_found: No such Upload (HTTP 404, request
---req_7f3a)".
---@class openai_uploads.Failure
---@field kind openai_uploads.FailureKind
---@field message string the service's own words, or ours
---@field status? integer of the answer, as far as there was one
---@field code? string|number the service's
---@field param? string the service's
---@field type? string the service's
---@field request_id? string to name to OpenAI's support
---@field location? string where a redirect pointed; redirects are never followed
---@field headers? table<string, string> of the answer, names in lower case
---@field body? string of the answer, at most its first 64 KiB
---@field attempts integer how many requests were begun
---@field may_have_applied boolean whether the service may have done what was asked, though no confirmation came
---@field retry_after? number seconds the service asked to wait; a finite number, however large
---@field upload_id? string of a file's Upload, once it was created
---@field part_number? integer the part of a file that failed
---@field may_be_completed? true of a file whose completion was sent while its outcome is not known: nothing was cancelled, and to send the file again could make a second File
---@field cancelled? boolean whether the service confirmed that a file's Upload was cancelled; nil when that was not tried
---@field cancel_failure? openai_uploads.Failure why it did not
---@field resume? openai_uploads.Resume with `keep_on_failure`, unless the Upload has expired: what `resume` takes
---@field refused_resume? boolean true where `resume` is of another file, or of another purpose, name, type or expiry
---@field aftermath? string what became of a file's Upload: tostring ends with it

---By status: bad_request 400, authentication 401, permission_denied 403, not_found 404, conflict 409, gone 410,
---unprocessable_entity 422, rate_limit 429, server from 500 on, redirect 3xx, status any other.
---Without one: configuration (no key, a bad URL), connection, tls, timeout, aborted, decode (a 2xx that is no such
---object, whose error, if it holds one, is in message, code and type), too_large (an answer over max_response_bytes, or a part over 64 MiB, or a file of too many parts), file (what shall be sent cannot be read,
---is no regular file, or has changed meanwhile).
---@alias openai_uploads.FailureKind
---| "bad_request" | "authentication" | "permission_denied" | "not_found" | "conflict" | "gone"
---| "unprocessable_entity" | "rate_limit" | "server" | "redirect" | "status"
---| "configuration" | "connection" | "tls" | "timeout" | "aborted" | "decode" | "too_large" | "file"

---How a call went, as its third value when `with_response` is set. Times in seconds.
---@class openai_uploads.Response
---@field status? integer
---@field headers? table<string, string> names in lower case; several values of one joined by ", "
---@field request_id? string
---@field attempts integer
---@field elapsed number of the whole call: attempts and waits
---@field timings? openai_uploads.Timings of the last attempt
---@field http_version? "1.0"|"1.1"|"2"|"3"
---@field connection_reused? boolean
---@field md5? string of a part that was sent with `md5 = true`

---Seconds from the beginning of an attempt, from libcurl's own clock.
---@class openai_uploads.Timings
---@field name_lookup number
---@field connect number
---@field tls_handshake number 0 without TLS
---@field first_byte number
---@field total number

---@class openai_uploads.RetryInfo
---@field attempt integer the attempt that failed just now, from 1 on
---@field max_retries integer
---@field wait number seconds until the next one
---@field part_number? integer of a whole file's part
---@field failure openai_uploads.Failure of that attempt

---@class openai_uploads.LogEvent
---@field event "request"|"retry"|"done"
---@field method "POST"
---@field url string without its query
---@field attempt integer
---@field elapsed number seconds since the call began
---@field status? integer
---@field request_id? string of the answer
---@field kind? openai_uploads.FailureKind
---@field message? string
---@field wait? number seconds, of a retry

---What one call may set; `new` takes these as the client's defaults. All times in seconds. Read once from the table
---itself: a metatable is not asked.
---@class openai_uploads.Options
---@field timeout? number of one attempt as a whole, once it has a connection; of a part, since its last byte left; 60, of `complete` 600
---@field connect_timeout? number TLS handshake included; 10
---@field stall_timeout? number without a byte moving, while a part is being sent; 60
---@field deadline? number for all attempts and waits together; none
---@field max_retries? integer 2
---@field patience? number after its first failed attempt a call is tried again for so long, whatever `max_retries` says; 0, and 30 for parts and completions of a whole file where neither is set
---@field retry_delay? number before the first retry, doubled for each further one; 0.5
---@field max_retry_delay? number 8
---@field max_retry_after? number a longer wait asked for by the service ends the call; 60
---@field headers? table<string, string|number|false> added to the client's; `false` keeps one from being sent
---@field query? table<string, string|number|boolean> added to every URL
---@field with_response? boolean a third result tells how the call went; false
---@field on_retry? fun(info: openai_uploads.RetryInfo) before each wait; an error in it ends the call as `aborted`
---@field log? fun(event: openai_uploads.LogEvent) an error in it is told on stderr

---What only a whole client has. What is left out comes from the environment, then from the defaults.
---@class openai_uploads.Settings: openai_uploads.Options
---@field api_key? string|fun(): string?, string? OPENAI_API_KEY; a function is called before every attempt
---@field base_url? string OPENAI_BASE_URL, https://api.openai.com/v1
---@field organization? string OPENAI_ORG_ID
---@field project? string OPENAI_PROJECT_ID
---@field auth_header? "bearer"|"api-key" "bearer"; "api-key" for Azure
---@field max_response_bytes? integer 1048576
---@field max_connections? integer 64
---@field max_bytes_per_step? integer after so many bytes of parts a step ends soon; 1024 to 1073741824. By default 65536 in
---a step that does not wait, and as many as go within half a millisecond in one that may wait
---@field proxy? string https_proxy and curl's other variables, but for hosts in no_proxy; "" for none
---@field ca_file? string CURL_CA_BUNDLE, SSL_CERT_FILE, then libcurl's; of a proxy that speaks TLS as well
---@field ca_path? string SSL_CERT_DIR, then libcurl's
---@field client_cert? string
---@field client_key? string
---@field client_key_password? string of an encrypted client_key; nothing asks for it on a terminal
---@field verify_tls? boolean true
---@field allow_plain_http? boolean false: http:// is taken for loopback addresses alone
---@field user_agent? string
---@field loop? "blocking"|"nginx"|"cqueues"|"luv"|"copas"|openai_uploads.Loop how a call waits; "nginx" inside nginx

---An event loop: what makes a call suspend only its coroutine.
---@class openai_uploads.Loop
---@field wait fun(client: openai_uploads.Client, transfer: openai_uploads.Transfer, seconds?: number) suspends until something may have come about; called again until `transfer:done()`; it need not wait longer than `seconds`
---@field refusal? fun(): string? why no call can wait just now; it becomes a `configuration` failure

---The params of `create`; further ones that the service knows are sent as they are. Params are read once and copied. Those
---named here may come from a metatable's `__index`; further ones must stand in the table itself.
---@class openai_uploads.CreateParams
---@field filename string
---@field purpose string
---@field bytes integer of the whole file
---@field mime_type string
---@field expires_after? { anchor: "created_at", seconds: integer } the expiry of the File; 3600 to 2592000

---The params of `parts.create`: either `data` or `file`. Read once; each may come from a metatable's `__index`.
---@class openai_uploads.PartParams
---@field data? string|file*|fun(): string?, any bytes; an open file, from its present position; a function that returns the next chunk, nil at the end, or nil and why there is none
---@field file? string path of a regular file
---@field offset? integer bytes of a string or a path's file to pass over; 0
---@field length? integer bytes to send; of strings and files at most: a piece ends where they end. Without it all that follow, of a function as many as come. A function's length, when it is given, must be right
---@field md5? boolean true: the response (`with_response`) has the MD5 of what was sent, as it was read; false
---@field rewind? fun() makes a data function begin anew, so that its part can be tried again

---The params of `complete`.
---@class openai_uploads.CompleteParams
---@field part_ids string[] in the order of the file; an empty list raises
---@field md5? string of all bytes, 32 hexadecimal digits: the service compares

---The params of `upload_file_chunked`: either `file`, or `data` and `filename`.
---@class openai_uploads.FileParams
---@field file? string path of a regular file
---@field data? string the bytes themselves
---@field purpose string
---@field filename? string the last part of `file`
---@field mime_type? string guessed from the extension; "application/octet-stream" where that is not known
---@field bytes? integer when given, it must be the size
---@field part_size? integer bytes, 1 to 64 MiB; 64 MiB
---@field concurrency? integer parts at a time, 1 to 64; 4
---@field md5? string 32 hexadecimal digits, or "compute": a thread of its own reads the file meanwhile
---@field expires_after? { anchor: "created_at", seconds: integer } the expiry of the File
---@field on_progress? fun(sent: integer, total: integer) bytes; called ten times a second at most, and after each part. A part that must be sent again makes `sent` fall back
---@field on_checkpoint? fun(resume: openai_uploads.Resume, part?: openai_uploads.ResumePart) after the creation, after each part, and before the completion: what to save in order to survive being killed. It is the same table each time, with one more part in it, which is the second argument
---@field keep_on_failure? boolean leaves the Upload for `resume` instead of cancelling it; false
---@field resume? openai_uploads.Resume of a failure or a checkpoint, of another process perhaps: only missing parts are sent. What differs from it is the failure `file`, with `refused_resume`

---What is needed to go on with a file's Upload: a plain table, which can be saved as JSON.
---@class openai_uploads.Resume
---@field upload_id string
---@field filename string these as the Upload was created with, and so they must be again
---@field purpose string
---@field mime_type string
---@field bytes integer
---@field expires_after? { anchor: "created_at", seconds: integer }
---@field part_size integer
---@field parts openai_uploads.ResumePart[] those that are there
---@field completing? true once the completion may have been sent

---@class openai_uploads.ResumePart
---@field number integer from 1 on
---@field id string
---@field md5 string of its bytes as they were sent: what the file holds in their place must have the same

---A client: the module itself is one, made from the environment at its first call. Always a dot, never a colon.
---@class openai_uploads.Client
local uploads = {}

---Cancels an Upload; no Parts may be added after that. POST /uploads/{upload_id}/cancel.
---
---Failures: `bad_request` when it is no longer pending, `not_found`, `gone` when it has expired, and all that any
---call may meet. With `failure.may_have_applied` an earlier attempt may have cancelled it.
---@param upload_id string any bytes but NUL, percent-encoded as needed; empty, "." and ".." raise
---@param options? openai_uploads.Options
---@return openai_uploads.Upload? upload with status "cancelled"
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response when asked for with `with_response`
function uploads.cancel(upload_id, options) end

---Creates an Upload, to which Parts can be added for an hour. POST /uploads.
---
---Failures: `bad_request` for params that the service refuses, and all that any call may meet. With
---`failure.may_have_applied` there may be an Upload that nobody knows the id of; it expires by itself.
---@param params openai_uploads.CreateParams raises when one of the first four is missing or of the wrong type
---@param options? openai_uploads.Options
---@return openai_uploads.Upload? upload with status "pending"
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response when asked for with `with_response`
function uploads.create(params, options) end

---Calls on Parts.
uploads.parts = {}

---Adds a Part, of 64 MiB at most, streamed from where it is. POST /uploads/{upload_id}/parts. A further attempt sends it
---from its beginning; a data function without `rewind` is not tried again once it was asked.
---
---Failures: `file`, `too_large` before anything is sent, `aborted` for a function that raised or gave up, `bad_request`
---when the Upload takes no more parts, `not_found`, `gone` when it has expired, and all that any call may meet. With
---`failure.may_have_applied` there may be a Part that nobody knows the id of; it does no harm.
---@param upload_id string
---@param params openai_uploads.PartParams raises on fields that do not fit together
---@param options? openai_uploads.Options
---@return openai_uploads.UploadPart? part
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response when asked for with `with_response`
function uploads.parts.create(upload_id, params, options) end

---Completes an Upload: its Parts, in that order, become a File. POST /uploads/{upload_id}/complete.
---
---Failures: `bad_request` when sizes or md5 differ, a Part is unknown, or it is no longer pending; `not_found`, `gone`,
---and all that any call may meet. With `failure.may_have_applied` it may have been completed.
---@param upload_id string
---@param params openai_uploads.CompleteParams
---@param options? openai_uploads.Options
---@return openai_uploads.Upload? upload with status "completed" and a `file`
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response when asked for with `with_response`
function uploads.complete(upload_id, params, options) end

---Sends a whole file: creates an Upload, sends its parts side by side, completes it. When anything fails, the Upload is
---cancelled, or kept to be resumed; the failure says so. The memory it takes does not depend on the file's size.
---
---Failures: those of the calls it makes, with `part_number`, `upload_id`, `cancelled`, `aftermath`, `resume`; `file` also
---when the file changes meanwhile; `aborted` for an error in a function of the program.
---@param params openai_uploads.FileParams
---@param options? openai_uploads.Options of each call; `deadline` is for all of them together
---@return openai_uploads.Upload? upload with status "completed" and a `file`
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response of the completion, when asked for with `with_response`
function uploads.upload_file_chunked(params, options) end

---Guards an Upload: `local upload <close> = uploads.guard(uploads.create { ... })` cancels it at the end of the scope,
---however that is left, unless it was completed through this client. Lua 5.4 or newer; raises below.
---
---A failure of that cancel is not raised: the client's `log` tells of it. Where nothing can wait (`coroutine.close` in a
---`loop`) what is raised does not hide an error that left the scope, and the cancel is made when the collector comes, as
---for one that is dropped without its scope's end.
---@param upload? openai_uploads.Upload what `create` returned; gets a metatable, with `__close` alone
---@param failure? openai_uploads.Failure
---@param response? openai_uploads.Response
---@return openai_uploads.Upload? upload the same table
---@return openai_uploads.Failure? failure the same
---@return openai_uploads.Response? response the same
function uploads.guard(upload, failure, response) end

---Creates an Upload, calls `action` with it, and cancels it unless it was completed through this client meanwhile. An
---error in `action` is raised again, as it is, after the cancel; a failure of the cancel is not raised: the client's
---`log` tells of it. In plain Lua 5.1 a client with a `loop` leaves the cancel after an error to the collector.
---
---Failures: those of `create`; then `action` is not called.
---@param params openai_uploads.CreateParams raises as `create` does
---@param action fun(upload: openai_uploads.Upload, response?: openai_uploads.Response): ...: any
---@param options? openai_uploads.Options of `create` alone
---@return any ... what `action` returned; or nil, failure
function uploads.with_upload(params, action, options) end

---Cancels many Uploads, as many at a time as `max_connections` says. One failure never stops the rest; an id that
---stands there twice is sent once. An error in `on_result` ends those under way and is raised.
---@param ids string[]
---@param options? openai_uploads.CancelAllOptions
---@return table<string, openai_uploads.Upload> cancelled by id
---@return table<string, openai_uploads.Failure>? failures by id; nil when there are none
function uploads.cancel_all(ids, options) end

---@class openai_uploads.CancelAllOptions: openai_uploads.Options
---@field on_result? fun(id: string, upload?: openai_uploads.Upload, failure?: openai_uploads.Failure) as they come

---The same calls, begun and not waited for: what can be sent at once is sent. They call no function of the program: neither
---its own nor those of others. What they need of it, and what has come meanwhile, is left for the next step, which is due
---then. Misuse raises as it does there.
uploads.start = {}

---@param upload_id string
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.cancel(upload_id, options) end

---@param params openai_uploads.CreateParams
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.create(params, options) end

---@param upload_id string
---@param params openai_uploads.CompleteParams
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.complete(upload_id, params, options) end

uploads.start.parts = {}

---@param upload_id string
---@param params openai_uploads.PartParams
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.parts.create(upload_id, params, options) end

---Its `abort` begins the cancel, and it is done when that is over; a second one gives up on that.
---@param params openai_uploads.FileParams
---@param options? openai_uploads.Options
---@return openai_uploads.Transfer
function uploads.start.upload_file_chunked(params, options) end

---Drives every transfer of this client: sends, receives, retries, calls its on_retry, log and api_key functions.
---A step that does not wait is short: it sends 64 KiB of the parts under way, or `max_bytes_per_step`.
---@param seconds? number how long to wait at most for something to happen; 0
---@return integer running how many transfers still run
function uploads.step(seconds) end

---One descriptor that is readable when a step has something to do, for a loop of one's own.
---@return integer? descriptor nil where the system has none (Linux has)
function uploads.fd() end

---@return number? seconds until a step is due; nil when only the descriptor counts
function uploads.timeout() end

---Ends all that runs as `aborted` and closes the connections. A later call opens anew.
function uploads.close() end

---A call that was begun. Dropped, it is aborted and freed by the collector, unless it has a listener; `local t <close>` aborts it at the end of
---its scope.
---@class openai_uploads.Transfer
local transfer = {}

---Steps its client without waiting. May be asked again after the end.
---@return boolean done false while it runs, and then alone
---@return openai_uploads.Upload? upload
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response when asked for with `with_response`
function transfer:poll() end

---The same, after waiting for the end.
---@param seconds? number at most; without, for as long as it takes
---@return boolean done false when the time was up, and then alone
---@return openai_uploads.Upload? upload
---@return openai_uploads.Failure? failure
---@return openai_uploads.Response? response when asked for with `with_response`
function transfer:wait(seconds) end

---@return boolean done whether it is over, as far as the last step knows; costs nothing
function transfer:done() end

---Calls `listener` from the step that ends it, or at once when it has ended and that was told. There is one; a client with a `loop` sets it
---itself while it waits. An error in it is told on stderr. The client holds a transfer with a listener until it is done;
---when nobody has the client either, nobody can step it, and both are collected.
---@param listener fun(transfer: openai_uploads.Transfer)
function transfer:on_done(listener) end

---@return integer sent bytes of its body handed over so far
---@return integer? total nil where a data function did not tell
function transfer:progress() end

---Ends it: its failure is `aborted`, with `may_have_applied`.
---@return boolean was_running
function transfer:abort() end

---A client with settings of its own. Raises on an unknown setting, or one of the wrong type or out of range; what
---the world got wrong (no key, a bad URL) is the `configuration` failure of every call instead.
---@param settings? openai_uploads.Settings
---@return openai_uploads.Client
function uploads.new(settings) end

---@class openai_uploads.Module: openai_uploads.Client
---@field _VERSION string the release
---@field _NAME "openai_uploads"

---@type openai_uploads.Module
return uploads
