-- Adds one picture to the hour's and the day's distinct count (see "Budgets" in touch.lua).
--
-- KEYS  1 the client's record, 2 its address's, 3 the stem of the hour's distinct count, 4 the day's
-- ARGV  1 now in microseconds, or -1 for the server's clock, 2 the picture, 3 seconds that a record is kept

local HOUR, DAY = 3600, 86400
local now = ARGV[1] / 1e6
if now < 0 then now = tonumber(redis.call('TIME')[1]) end

local stored = redis.call('HMGET', KEYS[1], 'hw', 'hc', 'dw', 'dc')
local sums = redis.call('HMGET', KEYS[2], 'hw', 'hc', 'dw', 'dc')
local function add(stem, length, at)
  local window = math.floor(now / length)
  local key = stem .. ':' .. window
  local before = tonumber(stored[at]) == window and tonumber(stored[at + 1]) or 0
  local sum = tonumber(sums[at]) == window and tonumber(sums[at + 1]) or 0
  local count = before
  local changed = redis.call('PFADD', key, ARGV[2]) == 1
  if changed and before == 0 then redis.call('EXPIRE', key, length) end
  if before == 0 or changed and before % 16 == 15 then
    count = redis.call('PFCOUNT', key)
  elseif changed then
    count = before + 1
  end
  return window, count, math.max(sum + (before == 0 and 1 or count - before), 0)
end
local hour, hour_count, hour_sum = add(KEYS[3], HOUR, 1)
local day, day_count, day_sum = add(KEYS[4], DAY, 3)
redis.call('HSET', KEYS[1], 'hw', hour, 'hc', hour_count, 'dw', day, 'dc', day_count)
redis.call('HSET', KEYS[2], 'hw', hour, 'hc', hour_sum, 'dw', day, 'dc', day_sum)
redis.call('EXPIRE', KEYS[1], ARGV[3] + 60)
redis.call('EXPIRE', KEYS[2], ARGV[3] + 60)
return 1
