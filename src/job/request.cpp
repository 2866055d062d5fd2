#include "job/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "model/runtime.h"

namespace qualm::job {
namespace {

nlohmann::json optional(const std::optional<double>& number) {
  return number ? nlohmann::json(*number) : nlohmann::json();
}

std::optional<double> optional_number(const nlohmann::json& json) {
  return json.is_null() ? std::nullopt : std::optional(json.get<double>());
}

nlohmann::json to_json(const RunWith& with) {
  return {{"lora", with.lora},
          {"temperature", optional(with.temperature)},
          {"repeat_penalty", optional(with.repeat_penalty)}};
}

nlohmann::json to_json(const ClinicWanted& clinic) {
  return {{"finetune", clinic.finetune},
          {"moe", clinic.moe},
          {"only", clinic.only},
          {"alone", clinic.alone},
          {"with_packs", clinic.with_packs}};
}

nlohmann::json to_json(const Repair& repair) {
  return {{"set", repair.set},
          {"copy", repair.copy},
          {"remove", repair.remove},
          {"from", repair.from},
          {"output", repair.output}};
}

nlohmann::json to_json(const PackWanted& pack) {
  return {{"output", pack.output}, {"windows", pack.windows}, {"ladder", pack.ladder}};
}

nlohmann::json devices_of(const engine::Settings& settings) {
  const engine::Devices& devices = settings.devices;
  return {{"gpu_layers", settings.gpu_layers},
          {"names", devices.names},
          {"tensor_split", devices.tensor_split},
          {"split_mode", devices.split_mode},
          {"main_gpu", devices.main_gpu},
          {"mmap", devices.mmap},
          {"rpc", devices.rpc},
          {"rpc_unsafe", devices.rpc_unsafe}};
}

}  // namespace

nlohmann::json to_json(const Request& r) {
  return {{"command", r.command},
          {"models", r.models},
          {"baseline", r.baseline},
          {"reference", r.reference},
          {"base_model", r.base_model},
          {"clinic", to_json(r.clinic)},
          {"text", r.text},
          {"texts", r.texts},
          {"imatrix", r.imatrix},
          {"protocol", evaluate::to_string(r.protocol)},
          {"chunks", r.chunks},
          {"windows", {r.windows.begin, r.windows.end}},
          {"positions", r.positions},
          {"seed", r.seed},
          {"full", r.full},
          {"kv_grid", r.kv_grid},
          {"use_cache", r.use_cache},
          {"reference_memory", r.reference_memory},
          {"cache_size", r.cache_size},
          {"low_memory", r.low_memory},
          {"verify", r.verify},
          {"symptom", r.symptom},
          {"runtime", r.runtime},
          {"run_with", to_json(r.run_with)},
          {"server",
           {{"file", r.server.file}, {"key_file", r.server.key_file}, {"as_run", r.server.as_run}}},
          {"prompts", r.prompts},
          {"fail_if", r.fail_if},
          {"repair", to_json(r.repair)},
          {"pack", to_json(r.pack)},
          {"pick", r.pick},
          {"memory", r.memory},
          {"accept", r.accept},
          {"budget", r.budget},
          {"words", r.words},
          {"shown_windows", r.shown_windows},
          {"plan_only", r.plan_only},
          {"told", {{"cache", r.cache_told}, {"windows", r.windows_told}}},
          {"cross_check", r.cross_check},
          {"devices", devices_of(r.settings)},
          {"ctx_size", r.settings.ctx_size},
          {"threads", r.settings.threads},
          {"batch", r.settings.batch},
          {"ubatch", r.settings.ubatch},
          {"logits_memory", r.settings.logits_memory},
          {"type_k", r.settings.type_k},
          {"type_v", r.settings.type_v},
          {"flash_attn", r.settings.flash_attn}};
}

namespace {

void read_windows(const nlohmann::json& json, evaluate::WindowRange& windows) {
  json.at(0).get_to(windows.begin);
  json.at(1).get_to(windows.end);
}

void read_server(const nlohmann::json& json, ServerWanted& server) {
  json.at("file").get_to(server.file);
  json.at("key_file").get_to(server.key_file);
  json.at("as_run").get_to(server.as_run);
}

void read_run_with(const nlohmann::json& json, RunWith& with) {
  json.at("lora").get_to(with.lora);
  with.temperature = optional_number(json.at("temperature"));
  with.repeat_penalty = optional_number(json.at("repeat_penalty"));
}

void read_clinic(const nlohmann::json& json, ClinicWanted& clinic) {
  json.at("finetune").get_to(clinic.finetune);
  json.at("moe").get_to(clinic.moe);
  json.at("only").get_to(clinic.only);
  json.at("alone").get_to(clinic.alone);
  json.at("with_packs").get_to(clinic.with_packs);
}

void read_pack(const nlohmann::json& json, PackWanted& pack) {
  json.at("output").get_to(pack.output);
  json.at("windows").get_to(pack.windows);
  json.at("ladder").get_to(pack.ladder);
}

void read_repair(const nlohmann::json& json, Repair& repair) {
  json.at("set").get_to(repair.set);
  json.at("copy").get_to(repair.copy);
  json.at("remove").get_to(repair.remove);
  json.at("from").get_to(repair.from);
  json.at("output").get_to(repair.output);
}

void read_devices(const nlohmann::json& json, engine::Settings& settings) {
  engine::Devices& devices = settings.devices;
  json.at("gpu_layers").get_to(settings.gpu_layers);
  json.at("names").get_to(devices.names);
  json.at("tensor_split").get_to(devices.tensor_split);
  json.at("split_mode").get_to(devices.split_mode);
  json.at("main_gpu").get_to(devices.main_gpu);
  json.at("mmap").get_to(devices.mmap);
  json.at("rpc").get_to(devices.rpc);
  json.at("rpc_unsafe").get_to(devices.rpc_unsafe);
}

void read_told(const nlohmann::json& json, Request& request) {
  json.at("cache").get_to(request.cache_told);
  json.at("windows").get_to(request.windows_told);
}

void read_settings(const nlohmann::json& json, engine::Settings& settings) {
  json.at("ctx_size").get_to(settings.ctx_size);
  json.at("threads").get_to(settings.threads);
  json.at("batch").get_to(settings.batch);
  json.at("ubatch").get_to(settings.ubatch);
  json.at("logits_memory").get_to(settings.logits_memory);
  json.at("type_k").get_to(settings.type_k);
  json.at("type_v").get_to(settings.type_v);
  json.at("flash_attn").get_to(settings.flash_attn);
  read_devices(json.at("devices"), settings);
}

}  // namespace

Result<Request> request_from_json(const nlohmann::json& json) {
  try {
    Request r;
    json.at("command").get_to(r.command);
    json.at("models").get_to(r.models);
    json.at("baseline").get_to(r.baseline);
    json.at("reference").get_to(r.reference);
    json.at("base_model").get_to(r.base_model);
    json.at("text").get_to(r.text);
    json.at("texts").get_to(r.texts);
    json.at("imatrix").get_to(r.imatrix);
    r.protocol = json.at("protocol") == "llama.cpp" ? evaluate::Protocol::llama_cpp
                                                    : evaluate::Protocol::standard;
    json.at("chunks").get_to(r.chunks);
    read_windows(json.at("windows"), r.windows);
    json.at("positions").get_to(r.positions);
    json.at("seed").get_to(r.seed);
    json.at("full").get_to(r.full);
    json.at("kv_grid").get_to(r.kv_grid);
    json.at("use_cache").get_to(r.use_cache);
    json.at("reference_memory").get_to(r.reference_memory);
    json.at("cache_size").get_to(r.cache_size);
    json.at("low_memory").get_to(r.low_memory);
    json.at("verify").get_to(r.verify);
    json.at("symptom").get_to(r.symptom);
    json.at("runtime").get_to(r.runtime);
    read_run_with(json.at("run_with"), r.run_with);
    read_server(json.at("server"), r.server);
    json.at("prompts").get_to(r.prompts);
    json.at("fail_if").get_to(r.fail_if);
    read_repair(json.at("repair"), r.repair);
    read_pack(json.at("pack"), r.pack);
    json.at("pick").get_to(r.pick);
    json.at("memory").get_to(r.memory);
    json.at("accept").get_to(r.accept);
    json.at("budget").get_to(r.budget);
    json.at("words").get_to(r.words);
    json.at("shown_windows").get_to(r.shown_windows);
    json.at("plan_only").get_to(r.plan_only);
    read_told(json.at("told"), r);
    json.at("cross_check").get_to(r.cross_check);
    read_clinic(json.at("clinic"), r.clinic);
    read_settings(json, r.settings);
    return r;
  } catch (const nlohmann::json::exception& thrown) {
    return fail({Kind::input, "REQUEST-001", "", "job description",
                 "a request of this version of qualm", thrown.what(),
                 "`qualm job` is for qualm's own use: call diagnose, measure or inspect."});
  }
}

std::vector<std::string> known_runtimes() {
  const auto names = model::runtime_names();
  return {names.begin(), names.end()};
}

Result<Condition> parse_condition(const std::string& text) {
  std::vector<std::string_view> names;
  for (const evaluate::MetricRow& row : evaluate::metric_rows()) names.push_back(row.name);
  const auto refuse = [&] {
    return fail({Kind::input, "REQUEST-002", "", "--fail-if",
                 fmt::format("METRIC>NUMBER or METRIC<NUMBER, with METRIC one of {}",
                             fmt::join(names, ", ")),
                 text, "For example --fail-if 'ppl_change>1%'."});
  };
  std::string plain;
  std::ranges::copy_if(text, std::back_inserter(plain), [](char c) { return c != ' '; });
  const auto at = plain.find_first_of("<>");
  if (at == std::string::npos) return refuse();
  const auto metric = evaluate::metric_named(plain.substr(0, at));
  if (!metric) return refuse();
  Condition condition{text, *metric, plain[at] == '>', 0};
  std::string number = plain.substr(at + 1);
  const bool percent = number.ends_with('%');
  if (percent) number.pop_back();
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), condition.threshold);
  if (error != std::errc() || end != number.data() + number.size() ||
      !std::isfinite(condition.threshold))
    return refuse();
  if (percent) condition.threshold /= 100;
  return condition;
}

Result<Condition> parse_limit(const std::string& option, const std::string& text) {
  const auto condition = parse_condition(text);
  const bool known = condition && !condition->greater && condition->threshold > 0 &&
                     (condition->metric == evaluate::MetricId::kld_mean ||
                      condition->metric == evaluate::MetricId::ppl_change);
  if (known) return condition;
  return fail({Kind::input, "REQUEST-008", "", option,
               "kld_mean<NUMBER or ppl_change<NUMBER, with a number over 0", text,
               fmt::format("For example {} 'kld_mean<0.01'.", option)});
}

}  // namespace qualm::job
