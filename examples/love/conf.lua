-- SPDX-License-Identifier: MIT
function love.conf(game)
  game.identity = "openai-uploads-example"
  game.window.title = "A replay is sent"
end
