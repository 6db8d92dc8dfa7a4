-- Asks guardware about each request; see haproxy-auth.cfg and docs/forward-auth.md. HAProxy 2.6 or newer.
--
-- Sets txn.guardware to "yes" when there is an answer, txn.guardware_path if guardware itself is to answer the
-- visitor, and a variable for each notice. Without an answer nothing is set, and haproxy-auth.cfg refuses.

local SOCKET = "unix@/run/guardware/guardware.sock"
local QUESTION = "http://guardware/.guardware/auth?answer=path&order=lost"
-- "order=lost": Lua's tables have no order, so that of the headers says nothing of the visitor.
local PATIENCE = 5000

local NOTICES = { "x-robots-tag", "tdm-reservation", "tdm-policy", "content-usage", "link" }

-- What only a front may say, and what belongs to the visitor's connection.
local NOT_PASSED = {
    ["host"] = true, ["connection"] = true, ["content-length"] = true, ["transfer-encoding"] = true,
    ["forwarded"] = true, ["x-forwarded-for"] = true, ["x-forwarded-proto"] = true, ["x-forwarded-host"] = true,
    ["x-forwarded-method"] = true, ["x-forwarded-uri"] = true, ["x-original-url"] = true,
    ["x-original-method"] = true, ["x-original-uri"] = true,
}

local function question(txn)
    local headers = {}
    for name, values in pairs(txn.http:req_get_headers()) do
        if not NOT_PASSED[name] then
            local list = {}
            for index = 0, #values do
                list[#list + 1] = values[index]
            end
            headers[name] = list
        end
    end
    headers["user-agent"] = headers["user-agent"] or { "" }
    headers["x-original-method"] = { txn.f:method() }
    headers["x-original-uri"] = { txn.f:pathq() }
    headers["x-forwarded-host"] = { txn.f:req_hdr("host") or "" }
    headers["x-forwarded-for"] = { txn.f:src() }
    headers["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" }
    return headers
end

core.register_action("guardware_ask", { "http-req" }, function(txn)
    local answer = core.httpclient():get({
        url = QUESTION, dst = SOCKET, headers = question(txn), timeout = PATIENCE,
    })
    if answer == nil or (answer.status ~= 200 and answer.status ~= 403) then
        return
    end
    local function told(name)
        local values = answer.headers[name]
        return values and values[0]
    end
    local path = told("x-guardware-variant")
    if path then
        txn:set_var("txn.guardware_path", path)
    elseif answer.status ~= 200 then
        return
    end
    for _, name in ipairs(NOTICES) do
        local value = told(name)
        if value then
            txn:set_var("txn.guardware_" .. name:gsub("-", "_"), value)
        end
    end
    txn:set_var("txn.guardware", "yes")
end)
