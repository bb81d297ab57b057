-- SPDX-License-Identifier: MIT
-- The refusals: answers with OpenAI's error body, in its wording where one is known.

local null = require("emulator.json").null

local problem = {}

local function refusal(status, message, param, code)
  return {
    status = status,
    object = { error = {
      message = message, type = "invalid_request_error", param = param or null, code = code or null,
    } },
  }
end

-- The service gives no such hints. The emulator's own calls do, because their callers are still writing their tests.
function problem.with_hint(answer, hint)
  local message = answer.object.error.message
  answer.object.error.message = ("%s%s %s"):format(message, message:sub(-1) == "." and "" or ".", hint)
  return answer
end

function problem.no_key()
  return refusal(401, "You didn't provide an API key. You need to provide your API key in an Authorization header " ..
    "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). " ..
    "You can obtain an API key from https://platform.openai.com/account/api-keys.")
end

-- The real one shows the key, masked; nothing of a key may be seen here.
function problem.wrong_key()
  return refusal(401, "Incorrect API key provided. " ..
    "You can find your API key at https://platform.openai.com/account/api-keys.", nil, "invalid_api_key")
end

function problem.unknown_url(method, path)
  return refusal(404, ("Invalid URL (%s %s)"):format(method, path))
end

function problem.wrong_method(method, path, wanted)
  local answer = refusal(405, ("Not allowed to %s on %s (HINT: Perhaps you meant to use a different HTTP method?)")
    :format(method, path), nil, "method_not_supported")
  answer.headers = { allow = wanted }
  return answer
end

function problem.wrong_content_type(given, wanted)
  return refusal(400, ("Unsupported content type: '%s'. This API method only accepts '%s' requests.")
    :format(given, wanted), nil, "unsupported_content_type")
end

function problem.not_json()
  return refusal(400, "We could not parse the JSON body of your request. (HINT: This likely means you aren't using " ..
    "your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)")
end

function problem.not_multipart()
  return refusal(400, "We could not parse the multipart body of your request.")
end

function problem.missing(param)
  return refusal(400, ("Missing required parameter: '%s'."):format(param), param, "missing_required_parameter")
end

function problem.unknown(param)
  return refusal(400, ("Unknown parameter: '%s'."):format(param), param, "unknown_parameter")
end

function problem.wrong_type(param, wanted, given)
  return refusal(400, ("Invalid type for '%s': expected %s, but got %s instead."):format(param, wanted, given),
    param, "invalid_type")
end

function problem.wrong_value(param, why)
  return refusal(400, ("Invalid '%s': %s."):format(param, why), param, "invalid_value")
end

function problem.below_minimum(param, minimum, given)
  return refusal(400, ("Invalid '%s': integer below minimum value. Expected a value >= %d, but got %d instead.")
    :format(param, minimum, given), param, "integer_below_min_value")
end

function problem.unsupported_value(param, given, supported)
  return refusal(400, ("Invalid value: '%s'. Supported values are: '%s'."):format(given,
    table.concat(supported, "', '")), param, "invalid_value")
end

function problem.no_such_upload()
  return refusal(404, "No such Upload")
end

function problem.no_such_file(id)
  return refusal(404, "No such File object: " .. id, "id")
end

function problem.expired()
  return refusal(410, "The Upload has expired")
end

function problem.not_pending(status)
  return refusal(400, ("The Upload is no longer pending: it is %s"):format(status))
end

return problem
