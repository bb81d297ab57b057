-- SPDX-License-Identifier: MIT
-- MD5 over many pieces, by the OpenSSL that nginx is linked with; nginx's own Lua offers it for one string only.

local ffi = require "ffi"

ffi.cdef [[
void *EVP_MD_CTX_new(void);
void EVP_MD_CTX_free(void *context);
const void *EVP_md5(void);
int EVP_DigestInit_ex(void *context, const void *algorithm, void *engine);
int EVP_DigestUpdate(void *context, const void *data, size_t length);
int EVP_DigestFinal_ex(void *context, unsigned char *digest, unsigned int *length);
]]

local digest = {}

-- contents: a list of objects with an `each_piece(visit)`. Returns their MD5 in hexadecimal, as of one text.
function digest.md5(contents)
  local context = ffi.gc(ffi.C.EVP_MD_CTX_new(), ffi.C.EVP_MD_CTX_free)
  ffi.C.EVP_DigestInit_ex(context, ffi.C.EVP_md5(), nil)
  for _, content in ipairs(contents) do
    content:each_piece(function(piece) ffi.C.EVP_DigestUpdate(context, piece, #piece) end)
  end
  local sum = ffi.new("unsigned char[64]") -- EVP_MAX_MD_SIZE
  local length = ffi.new("unsigned int[1]")
  ffi.C.EVP_DigestFinal_ex(context, sum, length)
  return (ffi.string(sum, length[0]):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

return digest
