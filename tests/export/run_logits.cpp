// Writes the test images of a run on a data set in memory, and the logits that dha computes of them, for
// export_test.py.
//
// usage: run_logits RUN PLUGINS FILE
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <iostream>

#include "dha/error.hpp"
#include "pipeline/pipeline.hpp"
#include "plugin/plugin_registry.hpp"
#include "run/run_network.hpp"
#include "storage/safetensors.hpp"

namespace {

void write_logits(const std::string& folder, const std::string& plugins, const std::string& file) {
  dha::PluginRegistry registry;
  registry.load_directory(plugins, /*required=*/true);
  const dha::RunDirectory directory = dha::RunDirectory::open(folder);
  const dha::PipelineConfig config = dha::load_pipeline(directory.file("pipeline.json"), {}, registry);
  const dha::RunNetwork run(directory, config, registry, at::kCPU, dha::DataChange::kNone);
  std::vector<at::Tensor> logits;
  const dha::ImageSet& images = run.images().test;
  run.network().measure(images,
                        [&](const dha::NetworkOutput& output, const dha::Batch&) { logits.push_back(output.logits); });
  const dha::ImageTensors& all = images.source().tensors_on(images.split(), at::kCPU);
  dha::save_safetensors(file, {{{"images", all.images.index_select(0, at::tensor(images.indices(), at::kLong))},
                                {"logits", at::cat(logits)}},
                               {}});
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::cerr << "usage: run_logits RUN PLUGINS FILE\n";
    return 2;
  }
  try {
    write_logits(arguments[1], arguments[2], arguments[3]);
  } catch (const std::exception& error) {
    std::cerr << "run_logits: " << error.what() << "\n";
    return 1;
  }
  return 0;
}
