-- Asks for the lines of a file and checks every answer. Each of wrk's threads has to have one connection:
-- then an answer is that to the last request.

local threads = {}

function setup(thread)
   table.insert(threads, thread)
   thread:set("number", #threads)
end

function init(arguments)
   rows, right, wrong, example = {}, 0, 0, ""
   for line in io.lines(arguments[1]) do
      local method, target, status, numbered, body = line:match("^(.-)\t(.-)\t(.-)\t(.-)\t(.*)$")
      table.insert(rows, {
         request = wrk.format(method, target), shown = method .. " " .. target,
         status = tonumber(status), numbered = numbered == "1", body = body,
      })
   end
   at = math.floor(#rows / 17 * number)
end

function request()
   at = at % #rows + 1
   return rows[at].request
end

local function is_right(row, status, body)
   if status ~= row.status then return false end
   if not row.numbered then return body == row.body end
   local rest, one, other = body:match("^(.*) (%d+) (%d+)$")
   return rest == row.body and one == other
end

function response(status, headers, body)
   if is_right(rows[at], status, body or "") then
      right = right + 1
   else
      wrong = wrong + 1
      example = rows[at].shown .. " gave " .. status .. " " .. (body or "")
   end
end

function done(summary, latency, requests)
   local all_right, all_wrong, one = 0, 0, ""
   for _, thread in ipairs(threads) do
      all_right = all_right + thread:get("right")
      all_wrong = all_wrong + thread:get("wrong")
      if thread:get("example") ~= "" then one = thread:get("example") end
   end
   local failed = summary.errors.connect + summary.errors.read + summary.errors.write
   io.write(string.format("\n%d\t%d\t%d\t%d\t%d\t%s\n", all_right, all_wrong, failed,
      summary.errors.timeout, summary.duration, one))
end
