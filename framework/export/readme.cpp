#include "export/readme.hpp"

#include <fmt/format.h>

namespace dha {

namespace {

std::string introduction(const ExportedModel& model, bool has_onnx, bool has_python) {
  const LayerGraph& graph = model.graph;
  return fmt::format(
      "# A trained image classifier\n\n"
      "Written by dha {}. The network takes images of {} x {} px (height x width) with {}, and tells {} classes "
      "apart.\n\n"
      "| file | content |\n"
      "| --- | --- |\n"
      "{}{}"
      "| `weights.safetensors` | the weights by name |\n"
      "| `model.json` | class names in the order of the outputs, size and normalisation of the images |\n"
      "| `architecture.json` | the architecture, for dha |\n\n"
      "{}\n",
      model.version, graph.height, graph.width,
      graph.channels == 3 ? "three channels (RGB)"
                          : fmt::format("{} channel{}", graph.channels, graph.channels == 1 ? "" : "s"),
      graph.layers[static_cast<size_t>(graph.logits)].out,
      has_onnx ? "| `model.onnx` | the network for onnxruntime, OpenCV, TensorRT and others: pixels in, logits and "
                 "probabilities out |\n"
               : "",
      has_python ? "| `model.py` | the network as a module of PyTorch |\n" : "",
      model.crop_fraction
          ? fmt::format(
                "Of each image, the network sees the centre square whose side is {} of the image's shorter side, "
                "scaled to that size.",
                *model.crop_fraction)
          : "Of each image, the network sees the largest centre part with the shape of its input, scaled to that "
            "size.");
}

// What the programs do and do not do of it.
std::string decoding(const ExportedModel& model, bool has_onnx, bool has_python) {
  if (!has_onnx && !has_python) return "";
  const ImageDecoding& how = model.decoding;
  return fmt::format(
      "\ndha {}shows transparent parts on {}, and scales 16-bit samples from 0 to {} to 0 to 255; the Python programs "
      "do the same, except that Pillow keeps only the high bytes of 16-bit colour images{}.\n",
      how.orients ? "turns an image as its EXIF orientation says, " : "", how.background, (1 << how.bits) - 1,
      has_onnx ? ", while the C++ and the browser program leave all of this out: give them pixels that are ready" : "");
}

// That the statements import besides Image.
const char* pillow_names(const ExportedModel& model) { return model.decoding.orients ? ", ImageOps" : ""; }

// Statements that read one image as uint8 (1, channels, height, width).
std::string python_image(const ExportedModel& model) {
  const LayerGraph& graph = model.graph;
  const bool is_colour = graph.channels == 3;
  const std::string sides = model.crop_fraction
                                ? fmt::format("width = height = round({} * min(image.size))\n", *model.crop_fraction)
                                : fmt::format(
                                      "scale = min(image.width / {0}, image.height / {1})\n"
                                      "width, height = round({0} * scale), round({1} * scale)\n",
                                      graph.width, graph.height);
  const ImageDecoding& how = model.decoding;
  return fmt::format(
      "image = {}\n"
      "if image.mode.startswith(\"I\"):  # 16 bits\n"
      "    image = image.point(lambda level: level * (255 / {}) + 0.5).convert(\"L\")\n"
      "background = Image.new(\"RGBA\", image.size, \"{}\")\n"
      "image = Image.alpha_composite(background, image.convert(\"RGBA\")).convert(\"{}\")\n"
      "{}"
      "left, top = (image.width - width) // 2, (image.height - height) // 2\n"
      "image = image.crop((left, top, left + width, top + height)).resize(({}, {}), Image.BILINEAR)\n"
      "pixels = numpy.array(image, dtype=numpy.uint8)\n"
      "images = pixels{}\n",
      how.orients ? "ImageOps.exif_transpose(Image.open(\"image.png\"))" : "Image.open(\"image.png\")",
      (1 << how.bits) - 1, how.background, is_colour ? "RGB" : "L", sides, graph.width, graph.height,
      is_colour ? ".transpose(2, 0, 1)[None]" : "[None, None]");
}

std::string python_onnx(const ExportedModel& model) {
  return fmt::format(
      "\n## Python, onnxruntime\n\n"
      "`pip install onnxruntime pillow`\n\n"
      "```python\n"
      "import json\n\n"
      "import numpy\n"
      "import onnxruntime\n"
      "from PIL import Image{}\n\n"
      "session = onnxruntime.InferenceSession(\"model.onnx\")\n"
      "class_names = json.loads(session.get_modelmeta().custom_metadata_map[\"class_names\"])\n"
      "{}"
      "logits, probabilities = session.run([\"logits\", \"probabilities\"], {{\"images\": images}})\n"
      "print(class_names[probabilities[0].argmax()], probabilities[0].max())\n"
      "```\n",
      pillow_names(model), python_image(model));
}

std::string python_torch(const ExportedModel& model) {
  return fmt::format(
      "\n## Python, PyTorch\n\n"
      "`pip install torch safetensors pillow`\n\n"
      "```python\n"
      "import numpy\n"
      "import torch\n"
      "from PIL import Image{}\n\n"
      "import model  # model.py\n\n"
      "network = model.load(\"weights.safetensors\")\n"
      "{}"
      "with torch.no_grad():\n"
      "    logits = network(torch.from_numpy(images))\n"
      "print(model.CLASS_NAMES[logits[0].argmax()], logits[0].softmax(0).max().item())\n"
      "```\n",
      pillow_names(model), python_image(model));
}

std::string cpp_onnx(const LayerGraph& graph) {
  return fmt::format(
      "\n## C++, onnxruntime\n\n"
      "```cpp\n"
      "#include <onnxruntime_cxx_api.h>\n\n"
      "#include <algorithm>\n"
      "#include <array>\n"
      "#include <iostream>\n"
      "#include <vector>\n\n"
      "int main() {{\n"
      "  Ort::Env environment;\n"
      "  Ort::Session session(environment, \"model.onnx\", Ort::SessionOptions());\n"
      "  const std::array<int64_t, 4> shape{{1, {0}, {1}, {2}}};  // images, channels, height, width\n"
      "  std::vector<uint8_t> pixels({0} * {1} * {2});     // row by row, one channel after another\n"
      "  const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);\n"
      "  const Ort::Value images =\n"
      "      Ort::Value::CreateTensor<uint8_t>(memory, pixels.data(), pixels.size(), shape.data(), shape.size());\n"
      "  const char* const inputs[] = {{\"images\"}};\n"
      "  const char* const outputs[] = {{\"probabilities\"}};\n"
      "  const auto results = session.Run(Ort::RunOptions(), inputs, &images, 1, outputs, 1);\n"
      "  const float* probabilities = results[0].GetTensorData<float>();\n"
      "  std::cout << std::max_element(probabilities, probabilities + {3}) - probabilities << \"\\n\";\n"
      "}}\n"
      "```\n",
      graph.channels, graph.height, graph.width, graph.layers[static_cast<size_t>(graph.logits)].out);
}

std::string browser(const LayerGraph& graph) {
  const std::string channels = graph.channels == 3 ? "RGB" : "grey";
  return fmt::format(
      "\n## Browser, onnxruntime-web\n\n"
      "`npm install onnxruntime-web`. The canvas shows the image at {2} x {1} px.\n\n"
      "```javascript\n"
      "import * as ort from \"onnxruntime-web\";\n\n"
      "const session = await ort.InferenceSession.create(\"model.onnx\", {{ executionProviders: [\"wasm\"] }});\n"
      "const rgba = canvas.getContext(\"2d\").getImageData(0, 0, {2}, {1}).data;\n"
      "const pixels = new Uint8Array({0} * {1} * {2});  // {3}, one channel after another\n"
      "for (let i = 0; i < {1} * {2}; ++i)\n"
      "  for (let c = 0; c < {0}; ++c) pixels[c * {1} * {2} + i] = rgba[4 * i + c];\n"
      "const images = new ort.Tensor(\"uint8\", pixels, [1, {0}, {1}, {2}]);\n"
      "const {{ probabilities }} = await session.run({{ images }});\n"
      "console.log(probabilities.data);\n"
      "```\n",
      graph.channels, graph.height, graph.width, channels);
}

}  // namespace

std::string model_readme(const ExportedModel& model, bool has_onnx, bool has_python) {
  std::string text = introduction(model, has_onnx, has_python) + decoding(model, has_onnx, has_python);
  if (has_onnx) text += python_onnx(model);
  if (has_python) text += python_torch(model);
  if (has_onnx) text += cpp_onnx(model.graph) + browser(model.graph);
  return text;
}

}  // namespace dha
