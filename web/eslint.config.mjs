import js from '@eslint/js'
import hooks from 'eslint-plugin-react-hooks'
import ts from 'typescript-eslint'

export default ts.config(
  { ignores: ['.next/', 'out/', 'node_modules/', 'next-env.d.ts', 'src/lib/api/*schema.ts', 'public/early.js'] },
  js.configs.recommended,
  ...ts.configs.strict,
  {
    plugins: { 'react-hooks': hooks },
    // The two rules of hooks; those of the React compiler are for who uses it.
    rules: { 'react-hooks/rules-of-hooks': 'error', 'react-hooks/exhaustive-deps': 'error' },
  },
  {
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']",
          message: 'evidence is written by attackers: text is rendered as text',
        },
      ],
      'no-restricted-globals': [
        'error',
        { name: 'fetch', message: 'calls go through lib/api, which knows the session' },
      ],
    },
  },
  { files: ['src/lib/api/**', 'src/early/**', 'e2e/**', 'scripts/**'], rules: { 'no-restricted-globals': 'off' } },
  {
    files: ['scripts/**', '*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['public/*.js'],
    languageOptions: { globals: { localStorage: 'readonly', matchMedia: 'readonly', document: 'readonly' } },
  },
)
