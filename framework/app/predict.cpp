// `dha predict RUN IMAGES…`: classifies images with the network of a run, or with a model/ alone.
#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/command.hpp"
#include "app/command_line.hpp"
#include "app/network_options.hpp"
#include "app/opened_run.hpp"
#include "app/pipeline_options.hpp"
#include "app/plugin_options.hpp"
#include "app/standard_output.hpp"
#include "app/verb_console.hpp"
#include "process/program_name.hpp"
#include "process/signals.hpp"
#include "report/console.hpp"
#include "report/csv.hpp"
#include "run/run_prediction.hpp"
#include "storage/model_folder.hpp"

namespace dha::app {

namespace {

namespace fs = std::filesystem;
namespace options = boost::program_options;

constexpr const char* kStandardInput = "-";

Error usage(const std::string& text) {
  return {ErrorCode::kUsage, fmt::format("predict: {}; see '{} help predict'", text, program_name())};
}

// Adds the paths in `lines`, one a line; empty lines are none.
void add_lines(std::istream& lines, const std::string& name, std::vector<std::string>& paths) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  const size_t before = paths.size();
  bool is_first = true;
  for (std::string line; std::getline(lines, line); is_first = false) {
    if (is_first && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
    if (line.find('\0') != line.npos)
      throw Error(
          ErrorCode::kData,
          fmt::format("{} is not text in UTF-8: it contains a zero byte; save it as UTF-8, one path per line", name));
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) paths.push_back(line);
  }
  if (lines.bad()) throw Error(ErrorCode::kData, fmt::format("{} cannot be read to its end", name));
  if (paths.size() == before)
    throw Error(ErrorCode::kData, fmt::format("{} names no image; expected one path per line", name));
}

void add_list(const std::string& file, std::vector<std::string>& paths) {
  if (file == kStandardInput) return add_lines(std::cin, "standard input", paths);
  std::error_code unknown;
  std::ifstream list(file, std::ios::binary);
  if (!list || fs::is_directory(file, unknown))
    throw Error(ErrorCode::kData, fmt::format("the list '{}' is not a file that can be read; name a file with one path "
                                              "per line",
                                              file));
  add_lines(list, fmt::format("the list '{}'", file), paths);
}

PredictionRequest request_of(const options::variables_map& values) {
  PredictionRequest request;
  request.weights = weights_of(values);
  request.top = values["top"].as<int64_t>();
  if (request.top < 1) throw usage(fmt::format("--top must be at least 1, found {}", request.top));
  if (values.count("images") == 0 && values.count("list") == 0)
    throw missing_argument(kPredictCommand, "missing images", "RUN IMAGES…");
  if (values.count("images") > 0)
    for (const std::string& image : values["images"].as<std::vector<std::string>>()) {
      if (image.empty()) throw usage("an image has the name ''; name a file, a folder, or '-' for standard input");
      if (image == kStandardInput)
        add_list(image, request.images);
      else
        request.images.push_back(image);
    }
  if (values.count("list") > 0) add_list(values["list"].as<std::string>(), request.images);
  return request;
}

bool holds(const fs::path& folder, const char* name) {
  std::error_code unknown;
  return fs::is_regular_file(folder / name, unknown);
}

PredictedImages predict_with_model(const options::variables_map& values, const fs::path& folder,
                                   const PredictionRequest& request) {
  if (!values["weights"].defaulted())
    throw Error(
        ErrorCode::kUsage,
        fmt::format("--weights chooses among the weights that a run keeps, but '{}' is a model without its run, "
                    "which has but one set; leave --weights out, or give the folder of a run",
                    folder.string()));
  const DeviceChoice device = choose_device(values.count("device") > 0 ? values["device"].as<std::string>() : "auto");
  const PluginRegistry registry = require_plugins(values);
  open_accelerator_code(device, registry, PipelineConfig());
  print_note(device, values);
  return dha::predict_with_model(folder, registry, device.device, request);
}

PredictedImages predict_with_run(const options::variables_map& values, const RunDirectory& directory,
                                 const PredictionRequest& request) {
  const OpenedRun opened = open_run(directory, values);
  print_note(opened.device, values);
  return dha::predict_with_run(directory, opened.config, opened.registry, opened.device.device, request);
}

PredictedImages predict(const options::variables_map& values, const PredictionRequest& request) {
  const StopSignals signals;
  const fs::path place = values["run"].as<std::string>();
  if (holds(place, "pipeline.json")) return predict_with_run(values, RunDirectory::open(place), request);
  if (!holds(place, kModelFile) && !holds(place / "model", kModelFile))
    throw Error(ErrorCode::kUsage,
                fmt::format("'{}' is neither the folder of a run nor its model/: it has no pipeline.json and no {}; "
                            "give a folder such as runs/<name>/latest",
                            place.string(), kModelFile));
  return predict_with_model(values, model_folder(place), request);
}

PredictedImages predict_shown(const options::variables_map& values, const PredictionRequest& request) {
  const VerbConsole shown(values);
  return predict(values, request);
}

// To standard error: what is no result.
void report(const PredictedImages& found, bool quiet) {
  Console console(stderr);
  for (const std::string& one : found.damage) console.line("dha: " + one);
  for (const std::string& one : found.unreadable) console.line("dha: " + one);
  const size_t images = found.images.size() + found.unreadable.size();
  if (found.images.empty()) throw Error(ErrorCode::kData, fmt::format("none of {} images can be read", images));
  if (!found.unreadable.empty())
    console.line(fmt::format("dha: {} of {} images cannot be read", found.unreadable.size(), images));
  if (quiet) return;
  for (const std::string& one : found.left_out) console.line("dha: " + one);
  if (const std::string progress = in_words(found.progress); !progress.empty()) console.line("dha: " + progress);
}

void print_table(const std::vector<Prediction>& images) {
  std::vector<std::vector<std::string>> rows{{"image", "class", "probability"}};
  for (const Prediction& image : images)
    for (const ClassProbability& one : image.top)
      rows.push_back(
          {&one == &image.top.front() ? image.image : "", one.name, fmt::format("{:.2f} %", 100 * one.probability)});
  print_output("{}", format_table(rows));
}

void print_csv(const std::vector<Prediction>& images) {
  print_output("image,rank,class,probability\n");
  for (const Prediction& image : images)
    for (size_t i = 0; i < image.top.size(); ++i)
      print_output("{}", csv_line({image.image, std::to_string(i + 1), image.top[i].name,
                                   fmt::format("{}", image.top[i].probability)}));
}

void print_json(const std::vector<Prediction>& images) {
  using Json = nlohmann::ordered_json;
  Json json = Json::array();
  for (const Prediction& image : images) {
    Json top = Json::array();
    for (const ClassProbability& one : image.top)
      top.push_back({{"class", one.name}, {"probability", one.probability}});
    json.push_back({{"image", image.image}, {"top", std::move(top)}});
  }
  // Names of files need not be UTF-8, and JSON must.
  print_output("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

void add_options(options::options_description& visible) {
  visible.add_options()("list", options::value<std::string>()->value_name("FILE"),
                        "also classify the images named in FILE, one path per line")(
      "top", options::value<int64_t>()->default_value(PredictionRequest().top)->value_name("K"),
      "classes to print per image, the most probable first; at most all")(
      "csv", "print rows of image, rank, class and probability")("json", "print JSON");
  add_weights_option(visible);
  add_device_option(visible);
  add_plugin_options(visible);
}

int run(const std::vector<std::string>& arguments) {
  options::options_description visible("Options"), hidden;
  add_options(visible);
  hidden.add_options()("run", options::value<std::string>())("images", options::value<std::vector<std::string>>());
  options::positional_options_description positional;
  positional.add("run", 1).add("images", -1);
  const auto values = parse_command_line(kPredictCommand, visible, arguments, hidden, positional);
  if (!values) return kDone;
  if (values->count("run") == 0) throw missing_argument(kPredictCommand, "missing run directory", "RUN IMAGES…");
  if (values->count("csv") > 0 && values->count("json") > 0) throw usage("give either --csv or --json");

  const PredictionRequest request = request_of(*values);  // a signal ends the wait for standard input at once
  const PredictedImages found = predict_shown(*values, request);
  report(found, is_quiet(*values));
  if (values->count("csv") > 0)
    print_csv(found.images);
  else if (values->count("json") > 0)
    print_json(found.images);
  else
    print_table(found.images);
  return kDone;
}

}  // namespace

const Command kPredictCommand{
    "predict", "predict RUN IMAGES… [--list FILE] [--top K] [--weights last|best] [--csv | --json]",
    "classify images with the trained network of a run", run,
    "\nRUN is the folder of a run, or the model/ of one. IMAGES are files, folders, whose images at any depth are\n"
    "classified, and -, for paths from standard input, one per line. Images that cannot be read are named on standard\n"
    "error and left out; the exit status is 5 only if none can be read.\n"};

}  // namespace dha::app
