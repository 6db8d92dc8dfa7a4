-- Adds one picture to the hour's and the day's distinct count (see "Budgets" in touch.lua).
--
-- KEYS  1 the client's record, 2 the stem of the hour's distinct count, 3 the day's
-- ARGV  1 now in microseconds, or -1 for the server's clock, 2 the picture, 3 seconds that a record is kept

local HOUR, DAY = 3600, 86400
local now = ARGV[1] / 1e6
if now < 0 then now = tonumber(redis.call('TIME')[1]) end

local stored = redis.call('HMGET', KEYS[1], 'hw', 'hc', 'dw', 'dc')
local function add(stem, length, window_before, before)
  local window = math.floor(now / length)
  local key = stem .. ':' .. window
  local count = tonumber(window_before) == window and tonumber(before) or 0
  local changed = redis.call('PFADD', key, ARGV[2]) == 1
  if changed and count == 0 then redis.call('EXPIRE', key, length) end
  if count == 0 or changed and count % 16 == 15 then return window, redis.call('PFCOUNT', key) end
  return window, changed and count + 1 or count
end
local hour, hour_count = add(KEYS[2], HOUR, stored[1], stored[2])
local day, day_count = add(KEYS[3], DAY, stored[3], stored[4])
redis.call('HSET', KEYS[1], 'hw', hour, 'hc', hour_count, 'dw', day, 'dc', day_count)
redis.call('EXPIRE', KEYS[1], ARGV[3] + 60)
return 1
