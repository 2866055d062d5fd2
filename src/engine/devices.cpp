#include "engine/devices.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <ggml-rpc.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "engine/rpc.h"

namespace qualm::engine {
namespace {

/// Greeted once: it serves one connection at a time, and ggml keeps its own for the life of the
/// process. So this does.
Result<ggml_backend_reg_t> registered(const std::string& server, RpcReach reach) {
  static std::map<std::string, ggml_backend_reg_t> known;
  if (const auto it = known.find(server); it != known.end()) return it->second;
  QUALM_TRY(const std::string endpoint, greet(server, reach));
  ggml_backend_reg_t const rpc = ggml_backend_reg_by_name("RPC");
  const auto add = rpc ? reinterpret_cast<decltype(&ggml_backend_rpc_add_server)>(
                             ggml_backend_reg_get_proc_address(rpc, "ggml_backend_rpc_add_server"))
                       : nullptr;
  ggml_backend_reg_t const added = add ? add(endpoint.c_str()) : nullptr;
  if (!added)
    return fail({Kind::engine, "RPC-004", "", "--rpc", "ggml's RPC backend (libggml-rpc.so)",
                 add ? endpoint + " shows no device" : "none in this libggml",
                 "Install libggml0-backend-rpc, or build ggml with -DGGML_RPC=ON."});
  ggml_backend_register(added);
  return known.emplace(server, added).first->second;
}

Result<std::vector<ggml_backend_dev_t>> of_servers(const Devices& wanted) {
  std::vector<ggml_backend_dev_t> found;
  for (const std::string& server : wanted.rpc) {
    const auto reach = wanted.rpc_unsafe ? RpcReach::anywhere : RpcReach::private_only;
    QUALM_TRY(ggml_backend_reg_t const reg, registered(server, reach));
    for (std::size_t i = 0; i < ggml_backend_reg_dev_count(reg); ++i)
      found.push_back(ggml_backend_reg_dev_get(reg, i));
  }
  return found;
}

bool is_of_server(ggml_backend_dev_t device) {
  return std::string_view(ggml_backend_dev_name(device)).starts_with("RPC");
}

/// Without the CPU, in libllama's order: servers, graphics cards, and integrated ones where there
/// is no other.
Result<std::vector<ggml_backend_dev_t>> all_devices(const Devices& wanted) {
  QUALM_TRY(auto found, of_servers(wanted));
  std::vector<ggml_backend_dev_t> integrated;
  for (std::size_t i = 0; i < ggml_backend_dev_count(); ++i) {
    ggml_backend_dev_t const device = ggml_backend_dev_get(i);
    if (is_of_server(device)) continue;
    if (ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_GPU) found.push_back(device);
    if (ggml_backend_dev_type(device) == GGML_BACKEND_DEVICE_TYPE_IGPU)
      integrated.push_back(device);
  }
  if (found.empty() || !wanted.names.empty())
    found.insert(found.end(), integrated.begin(), integrated.end());
  return found;
}

Result<std::vector<ggml_backend_dev_t>> chosen_devices(const Devices& wanted) {
  if (wanted.names == std::vector<std::string>{kNoDevice}) return std::vector<ggml_backend_dev_t>{};
  QUALM_TRY(auto all, all_devices(wanted));
  if (wanted.names.empty()) return all;
  std::vector<ggml_backend_dev_t> found;
  for (const std::string& name : wanted.names) {
    const auto it =
        std::ranges::find(all, name, [](auto* device) { return ggml_backend_dev_name(device); });
    if (it == all.end()) {
      std::vector<std::string> names{kNoDevice};
      for (auto* const device : all) names.emplace_back(ggml_backend_dev_name(device));
      return fail({Kind::input, "ENGINE-005", "", "--device",
                   fmt::format("{}", fmt::join(names, ", ")), name,
                   "See `qualm diagnose --list-devices`."});
    }
    found.push_back(*it);
  }
  return found;
}

}  // namespace

Result<std::vector<Device>> devices_of(const Devices& wanted) {
  QUALM_TRY(const auto found, chosen_devices(wanted));
  std::vector<Device> devices;
  for (auto* const device : found) {
    std::size_t free = 0;
    std::size_t total = 0;
    ggml_backend_dev_memory(device, &free, &total);
    devices.push_back({ggml_backend_dev_name(device), ggml_backend_dev_description(device),
                       static_cast<std::int64_t>(free), static_cast<std::int64_t>(total)});
  }
  return devices;
}

Result<std::vector<ggml_backend_dev_t>> device_handles(const Devices& wanted) {
  QUALM_TRY(auto found, chosen_devices(wanted));
  found.push_back(nullptr);
  return found;
}

}  // namespace qualm::engine
