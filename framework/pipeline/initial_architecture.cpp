#include "pipeline/initial_architecture.hpp"

#include <nlohmann/json.hpp>

#include "dha/error.hpp"
#include "pipeline/document_reader.hpp"
#include "storage/atomic_file.hpp"
#include "storage/model_folder.hpp"

namespace dha {

namespace {

bool decides_network(const Node& stage) {
  for (const char* key : {"searcher", "architecture", "trials"})
    if (stage.given(key) != nullptr) return true;
  return false;
}

}  // namespace

void take_initial_architecture(Node& pipeline, ProblemList& problems) {
  const Node* path = pipeline.find("initial_weights");
  Node* stages = pipeline.find("stages");
  if (path == nullptr || !path->is_text() || stages == nullptr || stages->items.empty()) return;
  Node& stage = stages->items.front();
  const Node* space = stage.find("space");
  if (!stage.is_object() || decides_network(stage) || space == nullptr) return;
  try {
    const std::filesystem::path folder = model_folder(path->location.source->directory / path->text());
    const auto model = nlohmann::ordered_json::parse(read_input_file(folder / kModelFile), nullptr, false);
    if (!model.is_object() || model.value("/space/use"_json_pointer, "") != space->text_of("use")) return;
    const std::filesystem::path file = folder / kArchitectureFile;
    const auto source = std::make_shared<const Source>(Source{file.string(), folder});
    stage.set("architecture", path->location, read_document(read_input_file(file), source, problems));
  } catch (const Error& error) {
    problems.report(path->location, "/initial_weights", error.what(), error.code());
  }
}

}  // namespace dha
